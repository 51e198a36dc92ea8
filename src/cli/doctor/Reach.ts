/** Whether a daemon answers, and if not, what that means. */
import { AgentdError } from "../../client/AgentdError.ts"
import type { Finding } from "../../contract/Daemon.ts"
import { ok, problem } from "../../contract/Findings.ts"
import type { Result } from "../../contract/Methods.ts"
import { commandLine } from "../Paint.ts"

export type DaemonStatus = Result<"daemon.status">

export const judgeReach = (socket: string, answer: DaemonStatus | AgentdError): Finding => {
  if (!(answer instanceof AgentdError)) return ok("daemon", `It answers on ${socket} (pid ${answer.pid}).`)
  switch (answer.tag) {
    case "NoDaemon":
      return ok("daemon", `None runs; the next command starts one. Its socket would be ${socket}.`)
    case "UnsafeSocket":
      return problem("daemon", answer.message, `ls -ld ${commandLine([String(answer.data.path ?? socket)])}`)
    case "StartFailed":
      return problem("daemon", answer.message, "agentctl daemon logs")
    case "TimedOut":
    case "ConnectionLost":
      return problem(
        "daemon",
        `Something listens on ${socket} and does not answer: ${answer.message}`,
        "agentctl daemon logs"
      )
    default:
      return problem("daemon", answer.message, "agentctl daemon restart")
  }
}
