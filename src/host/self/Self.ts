/**
 * This process: what it is, what it runs, what it uses.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import { hostname, userInfo } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Context, Layer } from "effect"

export class Self extends Context.Service<
  Self,
  {
    readonly pid: number
    readonly uid: number
    /** Login name, as far as it can be one of an address; and the machine's name. */
    readonly user: string
    readonly host: string
    /** Version of this package. */
    readonly version: string
    /** The program that was started: the bundle. */
    readonly executable: string
    /** The program of this package that has URLs opened elsewhere. */
    readonly urlOpener: string
    /** `agentctl` of the same package; null where it is not there. */
    readonly agentctl: string | null
    readonly node: string
    /** The network namespace this process is in, as /proc/self/ns has it; empty where there are none. */
    readonly networkNamespace: () => string
    /** Resident memory in bytes. */
    readonly memory: () => number
    /** Seconds of processor time used so far. */
    readonly cpuSeconds: () => number
    /** The lowest nice value this process may give to another (RLIMIT_NICE, getrlimit(2)). */
    readonly lowestNice: () => number
    /** File descriptors this process may open. */
    readonly descriptorLimit: () => number | null
    /** File descriptors it has open. */
    readonly openDescriptors: () => number | null
  }
>()("agentd/host/Self") {
  static readonly layer = Layer.sync(Self, () => ({
    pid: process.pid,
    uid: process.getuid?.() ?? -1,
    user: userName(),
    host: hostname(),
    version: packageVersion(),
    executable: process.argv[1] ?? process.execPath,
    urlOpener: programBeside("agentd-open"),
    agentctl: beside(process.argv[1] ?? ""),
    node: process.version,
    networkNamespace: () => (process.platform === "linux" ? readlinkSync("/proc/self/ns/net") : ""),
    memory: () => process.memoryUsage.rss(),
    cpuSeconds: () => {
      const { system, user } = process.cpuUsage()
      return (system + user) / 1e6
    },
    lowestNice: () => {
      if (process.getuid?.() === 0) return -20
      const ceiling = limit("Max nice priority") ?? 0
      return ceiling === 0 ? 0 : Math.max(-20, 20 - ceiling)
    },
    descriptorLimit: () => limit("Max open files"),
    // The list is read through a descriptor of its own.
    openDescriptors: () => (process.platform === "linux" ? readdirSync("/proc/self/fd").length - 1 : null)
  }))
}

/** `dist/agentd.js` and `bin/agentctl` lie in one package. */
const beside = (executable: string): string | null => {
  const path = join(dirname(executable), "..", "bin", "agentctl")
  return existsSync(path) ? path : null
}

/** A soft limit of this process's, from proc_pid_limits(5). */
const limit = (name: string): number | null => {
  if (process.platform !== "linux") return null
  const line = readFileSync("/proc/self/limits", "utf8")
    .split("\n")
    .find((one) => one.startsWith(name))
  const soft = /^\s+(\d+)/.exec(line?.slice(name.length) ?? "")?.[1]
  return soft === undefined ? null : Number(soft)
}

/** A user without an entry in the user database has a number only. */
const userName = (): string => {
  const name =
    attempt(() =>
      userInfo()
        .username.toLowerCase()
        .replaceAll(/[^a-z0-9._-]/g, "-")
    ) ?? ""
  return /^[a-z0-9]/.test(name) ? name.slice(0, 64) : `uid-${process.getuid?.() ?? 0}`
}

const attempt = <A>(read: () => A): A | null => {
  try {
    return read()
  } catch {
    return null
  }
}

/** What was executed: Node, its flags, and the program. */
export const ownCommand = (): ReadonlyArray<string> => [process.execPath, ...process.execArgv, process.argv[1] ?? ""]

/** Where this file or bundle lies, and every folder above it: the package's own is one of them, however deep it was bundled. */
const foldersUp = (): ReadonlyArray<string> => {
  const folders = [dirname(fileURLToPath(import.meta.url))]
  for (let up = dirname(folders[0]!); up !== folders.at(-1); up = dirname(up)) folders.push(up)
  return folders
}

export const packageVersion = (): string => {
  for (const folder of foldersUp()) {
    const found = attempt(
      () =>
        JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
          readonly name?: string
          readonly version?: string
        }
    )
    if (found?.name === "agentd" && found.version !== undefined) return found.version
  }
  return "0.0.0"
}

/** In the package's `bin`. */
const programBeside = (name: string): string => {
  const folder = foldersUp().find((up) => existsSync(join(up, "bin", name))) ?? "/"
  return join(folder, "bin", name)
}
