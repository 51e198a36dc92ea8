/**
 * This process: what it is, what it runs, what it uses.
 */
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Context, Layer } from "effect"

export class Self extends Context.Service<
  Self,
  {
    readonly pid: number
    readonly uid: number
    /** Version of this package. */
    readonly version: string
    /** The program that was started: the bundle. */
    readonly executable: string
    readonly node: string
    /** Resident memory in bytes. */
    readonly memory: () => number
    /** File descriptors this process may open. */
    readonly descriptorLimit: () => number | null
    /** File descriptors it has open. */
    readonly openDescriptors: () => number | null
  }
>()("agentd/host/Self") {
  static readonly layer = Layer.sync(Self, () => ({
    pid: process.pid,
    uid: process.getuid?.() ?? -1,
    version: packageVersion(),
    executable: process.argv[1] ?? process.execPath,
    node: process.version,
    memory: () => process.memoryUsage.rss(),
    descriptorLimit: () => {
      const line =
        process.platform === "linux" ? /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) : null
      return line === null ? null : Number(line[1])
    },
    // The list is read through a descriptor of its own.
    openDescriptors: () => (process.platform === "linux" ? readdirSync("/proc/self/fd").length - 1 : null)
  }))
}

/** One level up from the bundle, two from the source. */
export const packageVersion = (): string => {
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const found = JSON.parse(readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8")) as {
        name?: string
        version?: string
      }
      if (found.name === "agentd" && found.version !== undefined) return found.version
    } catch {
      // The other place, then.
    }
  }
  return "0.0.0"
}
