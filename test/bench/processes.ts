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
export const processorSeconds = (pid: number): number | null => {
  if (process.platform !== "linux") return null
  // The second field may contain spaces, so fields are counted after its closing bracket (proc(5)).
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const TICKS_PER_SECOND = 100
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}
