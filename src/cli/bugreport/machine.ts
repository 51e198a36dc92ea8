/** The machine in figures: kernel, distribution, memory, disk, limits, and what the daemon's process takes of them. */
import { readdirSync, readFileSync, statfsSync, statSync } from "node:fs"
import { arch, availableParallelism, freemem, loadavg, release, totalmem, type, uptime } from "node:os"
import { join } from "node:path"
import type { DaemonStatus } from "../doctor/Reach.ts"
import { ask, type Surroundings } from "../service/Surroundings.ts"

/** Lines of /proc/PID/status that say something about size. */
const SIZES =
  /^(VmPeak|VmSize|VmHWM|VmRSS|RssAnon|RssFile|RssShmem|VmSwap|Threads|FDSize|Seccomp|NoNewPrivs):\s*(.*)$/gm

/** Variables that change how terminals and programs behave, and hold no secret. */
const TOLD = [
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TERM",
  "COLORTERM",
  "TERM_PROGRAM",
  "SHELL",
  "XDG_RUNTIME_DIR",
  "XDG_SESSION_TYPE",
  "container"
]

export const machine = (place: Surroundings, status: DaemonStatus | null): object => ({
  kernel: `${type()} ${release()} ${arch()}`,
  distribution: attempt(() => distribution(readFileSync("/etc/os-release", "utf8"))),
  container: attempt(() => ask(place, "systemd-detect-virt").stdout.trim()),
  cgroups: attempt(() => ask(place, "stat", "--file-system", "--format=%T", "/sys/fs/cgroup").stdout.trim()),
  processors: availableParallelism(),
  load: loadavg(),
  uptime: Math.round(uptime()),
  memory: { total: totalmem(), free: freemem() },
  limits: attempt(() => readFileSync("/proc/self/limits", "utf8").split("\n").slice(1).filter(Boolean)),
  environment: Object.fromEntries(TOLD.flatMap((name) => (place.env[name] ? [[name, place.env[name]]] : []))),
  daemon: status === null ? null : daemon(status)
})

const daemon = ({ pid, runtimeDirectory, stateDirectory }: DaemonStatus): object => ({
  process: attempt(() =>
    Object.fromEntries(
      [...readFileSync(`/proc/${pid}/status`, "utf8").matchAll(SIZES)].map(([, name, value]) => [name, value])
    )
  ),
  descriptors: attempt(() => readdirSync(`/proc/${pid}/fd`).length),
  limits: attempt(() =>
    readFileSync(`/proc/${pid}/limits`, "utf8")
      .split("\n")
      .filter((line) => /open files|processes/.test(line))
  ),
  state: attempt(() => room(stateDirectory)),
  runtime: attempt(() => room(runtimeDirectory))
})

/** Sizes of what lies in a directory, and what is left beside it. */
const room = (path: string): object => {
  const { bavail, bsize, ffree, files, type: kind } = statfsSync(path)
  const entries = readdirSync(path, { withFileTypes: true }).map((entry) => [
    entry.name,
    entry.isDirectory()
      ? `${readdirSync(join(path, entry.name)).length} entries`
      : statSync(join(path, entry.name)).size
  ])
  return {
    fileSystem: `0x${kind.toString(16)}`,
    freeBytes: bavail * bsize,
    freeInodes: files === 0 ? null : ffree,
    entries: Object.fromEntries(entries)
  }
}

export const distribution = (release: string): string => /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? "unknown"

const attempt = <A>(look: () => A): A | string => {
  try {
    return look()
  } catch (error) {
    return `could not be had: ${error instanceof Error ? error.message : String(error)}`
  }
}
