/**
 * How a session's end reads in a sentence.
 */
import type { SessionExit } from "../contract/Session.ts"

export const describeExit = (exit: SessionExit | null): string => {
  if (exit === null) return "it is gone"
  if (exit.by === "lost") return "its daemon ended unexpectedly"
  if (exit.by === "reboot") return "the machine was rebooted"
  const how =
    exit.signal !== null ? `signal ${exit.signal}` : exit.code !== null ? `exit code ${exit.code}` : "unknown end"
  const why = {
    program: "",
    stop: ", stopped",
    ttl: ", its time was up",
    timeout: ", its limit in time was reached",
    oom: ", memory ran out",
    shutdown: ", the daemon was shut down"
  }[exit.by]
  return `${how}${why}`
}
