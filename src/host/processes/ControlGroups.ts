/**
 * Control groups, version 2 (cgroups(7)): what the processes of one use together, as the kernel counts it.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Context, Layer } from "effect"

/** What the kernel counts of a group; null where the controller for it is not there. */
export interface GroupFigures {
  readonly memoryBytes: number | null
  readonly cpuMs: number
  readonly tasks: number
  readonly oomKills: number | null
  readonly tasksRefused: number | null
  /** Processes of the group itself. */
  readonly processes: ReadonlyArray<number>
}

export class ControlGroups extends Context.Service<
  ControlGroups,
  {
    /** Directory of the group of a process; null when it is gone, or where there are none. */
    readonly ofProcess: (pid: number) => string | null
    /** Controllers of the whole machine, and those that a user's service manager has been given of them. */
    readonly delegated: () => { readonly machine: ReadonlySet<string>; readonly manager: ReadonlySet<string> }
    /** Null when there is no such group any more. */
    readonly figures: (directory: string) => GroupFigures | null
  }
>()("agentd/host/ControlGroups") {
  static readonly layer = Layer.sync(ControlGroups, () => {
    const root = mountPoint(read("/proc/self/mountinfo") ?? "")
    const ofProcess = (pid: number) => {
      const path = groupOf(read(`/proc/${pid}/cgroup`) ?? "")
      return root === null || path === null ? null : join(root, path)
    }
    return {
      ofProcess,
      delegated: () => ({
        machine: controllersOf(root),
        manager: controllersOf(managerOf(ofProcess(process.pid) ?? "") ?? root)
      }),
      figures
    }
  })
}

/** Where the unified hierarchy is mounted, from proc_pid_mountinfo(5). */
export const mountPoint = (mounts: string): string | null =>
  mounts
    .split("\n")
    .find((line) => line.includes(" - cgroup2 "))
    ?.split(" ")[4] ?? null

/** A process's group in the unified hierarchy. */
export const groupOf = (groups: string): string | null =>
  groups
    .split("\n")
    .find((line) => line.startsWith("0::"))
    ?.slice(3) ?? null

/** The group of the user's service manager, of which this process's is a part. */
export const managerOf = (directory: string): string | null =>
  /^.*\/user@\d+\.service(?=\/|$)/.exec(directory)?.[0] ?? null

const controllersOf = (directory: string | null): ReadonlySet<string> =>
  new Set(directory === null ? [] : (read(join(directory, "cgroup.controllers")) ?? "").split(/\s+/))

const figures = (directory: string): GroupFigures | null => {
  const file = (name: string) => read(join(directory, name))
  // There in every group, whatever controllers are.
  const cpu = field(file("cpu.stat"), "usage_usec")
  const processes = file("cgroup.procs")
  if (cpu === null || processes === null) return null
  return {
    memoryBytes: count(file("memory.current")),
    cpuMs: Math.round(cpu / 1000),
    tasks: count(file("pids.current")) ?? lines(file("cgroup.threads") ?? "").length,
    oomKills: field(file("memory.events"), "oom_kill"),
    tasksRefused: field(file("pids.events"), "max"),
    processes: lines(processes).map(Number)
  }
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "")

const count = (text: string | null): number | null => (text === null ? null : Number(text))

/** Of `NAME NUMBER` lines. */
export const field = (text: string | null, name: string): number | null => {
  const line = text?.split("\n").find((one) => one.startsWith(`${name} `))
  return line === undefined ? null : Number(line.slice(name.length + 1))
}

const read = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return null
  }
}
