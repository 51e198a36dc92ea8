/**
 * Control groups of a machine's own. Two machines in one group would kill each other's processes, for a service manager takes
 * every process in a service's group for that service's.
 *
 * Where the host has a service manager, systemd-nspawn asks it for a scope; elsewhere the groups are made here.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs"
import { join } from "node:path"

export interface Groups {
  /** Options for systemd-nspawn. */
  readonly options: ReadonlyArray<string>
  /** Runs the program it is put before in these groups. */
  readonly enter: ReadonlyArray<string>
  /** Removes them; nothing runs in them any more. */
  readonly remove: () => void
}

export const makeGroups = (name: string): Groups => {
  if (existsSync("/run/systemd/system")) return { options: [], enter: [], remove: () => {} }
  const groups = groupsOf("self").map((own) => join(own, name))
  for (const group of groups) mkdirSync(group)
  return {
    options: ["--keep-unit"],
    enter: enter(groups),
    remove: () => groups.forEach(removeTree)
  }
}

/** Runs the program it is put before in the same groups as a machine's init: others are not known in the machine. */
export const joinGroupsOf = (init: number): ReadonlyArray<string> => enter(groupsOf(init))

const enter = (groups: ReadonlyArray<string>): ReadonlyArray<string> => [
  "sh",
  "-c",
  'for g in $0; do echo $$ >"$g/cgroup.procs" || exit; done; exec "$@"',
  groups.join(" ")
]

/** A process's group in the unified hierarchy, and in the one that systemd names after itself where both are mounted. */
const groupsOf = (process: number | "self"): ReadonlyArray<string> => {
  const own = readFileSync(`/proc/${process}/cgroup`, "utf8").split("\n")
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n")
  const find = (mounted: RegExp, prefix: RegExp) => {
    const point = mounts.find((line) => mounted.test(line))?.split(" ")[4]
    const path = own.find((line) => prefix.test(line))?.replace(prefix, "")
    return point === undefined || path === undefined ? [] : [join(point, path)]
  }
  return [...find(/ - cgroup2 /, /^0::/), ...find(/ - cgroup .*name=systemd/, /^\d+:name=systemd:/)]
}

/** Only directories can be removed in a control group's file system, from the innermost out. */
const removeTree = (path: string): void => {
  if (!existsSync(path)) return
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(path, entry.name))
  rmdirSync(path)
}
