/**
 * Which processor runs what, for measurements of microseconds: servers on the first, the client on the second.
 *
 * Left to the scheduler, two processes that talk share a processor for a while (20 µs a round trip) and then do not (70 µs), and
 * whoever is measured in which of the two wins.
 */
import { execFileSync } from "node:child_process"
import { availableParallelism } from "node:os"

const SERVERS = "0"
const CLIENT = "1"

/** Linux only, with two processors and taskset(1). */
export const canPin = ((): boolean => {
  if (process.platform !== "linux" || availableParallelism() < 2) return false
  try {
    execFileSync("taskset", ["-c", SERVERS, "true"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
})()

const pin = (pid: number, processors: string): void => {
  execFileSync("taskset", ["-a", "-c", "-p", processors, String(pid)], { stdio: "ignore" })
}

let pinned = false

/** The command, on the servers' processor while `apart` runs. */
export const asServer = (argv: ReadonlyArray<string>): ReadonlyArray<string> =>
  pinned ? ["taskset", "-c", SERVERS, ...argv] : argv

/** Runs with the daemon and this process on a processor each. */
export const apart = async <A>(daemon: number, run: () => Promise<A>): Promise<A> => {
  if (!canPin) return run()
  pin(daemon, SERVERS)
  pin(process.pid, CLIENT)
  pinned = true
  try {
    return await run()
  } finally {
    pinned = false
    const all = `0-${availableParallelism() - 1}`
    pin(daemon, all)
    pin(process.pid, all)
  }
}

export const howPinned = canPin ? " Servers run on one processor, the client on another." : ""
