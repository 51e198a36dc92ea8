/**
 * What the kernel knows of a running process: its memory and the processor time it has used.
 */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"

/** Resident memory in MB (10^6 bytes), as `ps` and `top` count it. */
export const residentMegabytes = (pid: number): number =>
  process.platform === "linux"
    ? (Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024) / 1e6
    : (Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1024) / 1e6

/** Seconds of processor time so far; null where it cannot be told finely enough. */
export const processorSeconds = (pid: number): number | null => seconds(pid, ["utime", "stime"])

/** The same with that of its children that have ended, and theirs. */
export const familySeconds = (pid: number): number | null => seconds(pid, ["utime", "stime", "cutime", "cstime"])

/** Where proc_pid_stat(5) has them, after the name, which may contain spaces. */
const FIELDS = { utime: 11, stime: 12, cutime: 13, cstime: 14 }
const TICKS_PER_SECOND = 100

const seconds = (pid: number, fields: ReadonlyArray<keyof typeof FIELDS>): number | null => {
  if (process.platform !== "linux") return null
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const values = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return fields.reduce((sum, field) => sum + Number(values[FIELDS[field]]), 0) / TICKS_PER_SECOND
}
