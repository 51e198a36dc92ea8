/**
 * What a session's end was, and how it reads in a sentence.
 */
import type { SessionExit } from "../../contract/session/Session.ts"
import type { Ended } from "./Launcher.ts"

/** What a shell makes of a program that was killed: 128 and the signal's number. */
const KILLED_CODE = 137

interface Circumstances {
  /** Who asked for it; null: nobody here did. */
  readonly by: SessionExit["by"] | null
  readonly took: SessionExit["took"]
  readonly at: number
  readonly deadline: number | null
}

export const exitOf = (ended: Ended, { at, by, deadline, took }: Circumstances): SessionExit => ({
  code: ended.code,
  signal: ended.signal,
  by: by ?? causeOf(ended, deadline !== null && at >= deadline),
  took,
  at,
  ...(ended.oomKills ? { oomKills: ended.oomKills } : {}),
  ...(ended.tasksRefused ? { tasksRefused: ended.tasksRefused } : {})
})

/**
 * Memory ran out if the kernel killed the program for it, or a process of it that it then ended with, as shells do. A program that
 * has lost a process and goes on ends some other time for a reason of its own.
 */
const causeOf = ({ code, oomKills = 0, result, signal, unseen }: Ended, late: boolean): SessionExit["by"] => {
  if (unseen === true) return "lost"
  if (result === "oom-kill" || (oomKills > 0 && (signal === "SIGKILL" || code === KILLED_CODE))) return "oom"
  return result === "timeout" && late ? "timeout" : "program"
}

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
