/**
 * The processes of this machine, as far as stopping a session's whole tree needs them: proc(5) on Linux, ps(1) elsewhere.
 */
import { execFileSync } from "node:child_process"
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs"
import { setPriority } from "node:os"
import { Context, Layer } from "effect"

export interface Process {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** Together with the pid it names one process for ever: pids are reused, start times are not. */
  readonly startTime: string
  readonly zombie: boolean
  /** `waiting`: in the kernel, where it hears no signal. */
  readonly state: "running" | "stopped" | "waiting"
}

/** What a process uses. */
export interface Figures {
  /** Bytes of it that are in memory. */
  readonly memoryBytes: number
  /** Milliseconds of processor time, with that of children it has waited for. */
  readonly cpuMs: number
  readonly threads: number
}

export class ProcessTable extends Context.Service<
  ProcessTable,
  {
    readonly list: () => ReadonlyArray<Process>
    /** One process, or null when it is gone. */
    readonly get: (pid: number) => Process | null
    /** Does this process's initial environment hold `NAME=value`? False when it may not be read. */
    readonly hasEnvironment: (pid: number, entry: string) => boolean
    /** The value of one variable of a process's initial environment, or null. */
    readonly environment: (pid: number, name: string) => string | null
    /** The terminal that controls a process, as in "/dev/pts/3", or null. */
    readonly tty: (pid: number) => string | null
    /** The process group in the foreground of a process's terminal, or null when it has no terminal (tcgetpgrp(3)). */
    readonly foreground: (pid: number) => number | null
    /** What a process uses now; null when it is gone, or where that is not to be had. */
    readonly figures: (pid: number) => Figures | null
    /** The units whose control groups a process is in, innermost last; none where there are no control groups. */
    readonly units: (pid: number) => ReadonlyArray<string>
    /** A process's working directory, or null when the kernel does not tell. */
    readonly directory: (pid: number) => string | null
    /** Processes in the control group of a unit, and in those below it. */
    readonly inUnit: (unit: string) => ReadonlyArray<number>
    /** Sets a process's nice value; false when the process is gone or the value is not to be had. */
    readonly renice: (pid: number, nice: number) => boolean
    /** The process, or thread, that was made last on this machine; null where that is not told. */
    readonly newest: () => number | null
    /** Sends a signal; false when the process is gone or not ours. */
    readonly signal: (pid: number, signal: NodeJS.Signals) => boolean
    /** The same to all of a process group at once, and to whoever is just joining it by being forked. */
    readonly signalGroup: (group: number, signal: NodeJS.Signals) => boolean
  }
>()("agentd/host/ProcessTable") {
  static readonly layer = Layer.sync(ProcessTable, () => (process.platform === "linux" ? linux : posix))
}

/** proc_pid_stat(5): the command may hold spaces and parentheses, so fields count from the last `)`. */
export const parseStat = (pid: number, stat: string): Process | null => {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  if (fields.length < 20) return null
  return {
    pid,
    zombie: fields[0] === "Z" || fields[0] === "X",
    state: stateOf(fields[0]!),
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTime: fields[19]!
  }
}

/** proc_pid_stat(5), ps(1): T stopped, by a signal or (t) by who traces it; D asleep where nothing disturbs. */
const stateOf = (letters: string): Process["state"] =>
  /^[Tt]/.test(letters) ? "stopped" : /^[DU]/.test(letters) ? "waiting" : "running"

const attempt = <A>(read: () => A): A | null => {
  try {
    return read()
  } catch {
    return null
  }
}

const signal = (pid: number, name: NodeJS.Signals): boolean => attempt(() => process.kill(pid, name)) ?? false

/** kill(2) takes a negative number for a group; those of 0 and -1 mean others. */
const signalGroup = (group: number, name: NodeJS.Signals): boolean => group > 1 && signal(-group, name)

const renice = (pid: number, nice: number): boolean =>
  attempt(() => {
    setPriority(pid, nice)
    return true
  }) ?? false

/** A line of stat is some 300 bytes. One buffer for all: a look at every process must not leave a heap of them behind. */
const line = Buffer.allocUnsafeSlow(4096)

const stat = (pid: number) => {
  const text = attempt(() => {
    const fd = openSync(`/proc/${pid}/stat`, "r")
    try {
      return line.toString("latin1", 0, readSync(fd, line))
    } finally {
      closeSync(fd)
    }
  })
  return text === null ? null : parseStat(pid, text)
}

/** proc_pid_stat(5), field 8: six fields after the state. */
const foreground = (pid: number): number | null => {
  const text = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"))
  const group = Number(text?.slice(text.lastIndexOf(")") + 2).split(" ")[5])
  return group > 0 ? group : null
}

/** Majors of pseudo terminals and of virtual consoles (devices.txt); a pseudo terminal's number goes on from major to major. */
const PTS_MAJORS = { first: 136, last: 143, each: 256 } as const
const CONSOLE_MAJOR = 4
const CONSOLES = 64

/** proc_pid_stat(5), field 7: bits 8 to 15 are the major, the others the minor. */
export const ttyName = (device: number): string | null => {
  const major = (device >> 8) & 0xff
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00)
  const { each, first, last } = PTS_MAJORS
  if (major >= first && major <= last) return `/dev/pts/${(major - first) * each + minor}`
  return major === CONSOLE_MAJOR && minor > 0 && minor < CONSOLES ? `/dev/tty${minor}` : null
}

const tty = (pid: number): string | null => {
  const text = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"))
  return text === null ? null : ttyName(Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[4]))
}

/** Milliseconds of a clock tick in proc(5): USER_HZ is 100 wherever Linux runs on what we run on. */
const TICK_MS = 10

/** proc_pid_stat(5), fields 14 to 17 and 20, and the resident size in kB from proc_pid_status(5): pages differ in size. */
export const parseFigures = (stat: string, status: string): Figures | null => {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  if (fields.length < 20) return null
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? "0"
  return { memoryBytes: Number(resident) * 1024, cpuMs: ticks * TICK_MS, threads: Number(fields[17]) }
}

const figures = (pid: number): Figures | null =>
  attempt(() =>
    parseFigures(readFileSync(`/proc/${pid}/stat`, "latin1"), readFileSync(`/proc/${pid}/status`, "latin1"))
  )

const environ = (pid: number) => `\0${attempt(() => readFileSync(`/proc/${pid}/environ`, "utf8")) ?? ""}`

/** proc_loadavg(5): the last field. */
const newest = (): number | null => {
  const pid = Number(attempt(() => readFileSync("/proc/loadavg", "latin1"))?.split(" ")[4])
  return pid > 0 ? pid : null
}

const linux: ProcessTable["Service"] = {
  // The newest first: they are the ones that may be gone a moment later.
  list: () =>
    readdirSync("/proc")
      .reverse()
      .flatMap((name) => {
        const found = /^\d+$/.test(name) ? stat(Number(name)) : null
        return found === null ? [] : [found]
      }),
  get: stat,
  units: (pid) => {
    const groups = attempt(() => readFileSync(`/proc/${pid}/cgroup`, "latin1"))
    return groups?.split(/[/\n]/).filter((part) => /\.(service|scope|slice)$/.test(part)) ?? []
  },
  directory: (pid) => attempt(() => readlinkSync(`/proc/${pid}/cwd`)),
  inUnit: (unit) =>
    readdirSync("/proc").flatMap((name) => {
      const groups = /^\d+$/.test(name) ? attempt(() => readFileSync(`/proc/${name}/cgroup`, "latin1")) : null
      return groups?.split(/[/\n]/).includes(unit) ? [Number(name)] : []
    }),
  hasEnvironment: (pid, entry) => environ(pid).includes(`\0${entry}\0`),
  environment: (pid, name) => {
    const text = environ(pid)
    const start = text.indexOf(`\0${name}=`)
    return start < 0 ? null : text.slice(start + name.length + 2, text.indexOf("\0", start + 1))
  },
  foreground,
  tty,
  figures,
  newest,
  renice,
  signal,
  signalGroup
}

const ps = (selection: ReadonlyArray<string>): ReadonlyArray<Process> =>
  (
    attempt(() =>
      execFileSync("ps", [...selection, "-o", "pid=,ppid=,pgid=,sess=,stat=,lstart="], { encoding: "latin1" })
    ) ?? ""
  )
    .split("\n")
    .flatMap((line) => {
      const [pid, parent, group, session, state, ...started] = line.trim().split(/\s+/)
      if (state === undefined) return []
      return [
        {
          pid: Number(pid),
          parent: Number(parent),
          group: Number(group),
          session: Number(session),
          zombie: state.startsWith("Z"),
          state: stateOf(state),
          startTime: started.join(" ")
        }
      ]
    })

/** Elsewhere another process's environment is not to be had: the tree is then known by parent, group and session alone. */
const posix: ProcessTable["Service"] = {
  list: () => ps(["-A"]),
  get: (pid) => ps(["-p", String(pid)])[0] ?? null,
  hasEnvironment: () => false,
  environment: () => null,
  units: () => [],
  directory: () => null,
  inUnit: () => [],
  figures: () => null,
  newest: () => null,
  tty: (pid) => {
    const name = attempt(() => execFileSync("ps", ["-o", "tty=", "-p", String(pid)], { encoding: "latin1" }))?.trim()
    return name === undefined || !/^[\w/]+$/.test(name) ? null : `/dev/${name}`
  },
  foreground: (pid) => {
    const group = Number(attempt(() => execFileSync("ps", ["-p", String(pid), "-o", "tpgid="], { encoding: "latin1" })))
    return group > 0 ? group : null
  },
  renice,
  signal,
  signalGroup
}
