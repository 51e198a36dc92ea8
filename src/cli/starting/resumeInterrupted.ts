/** `resume --interrupted` and `resume --dry-run`: which sessions wait to be continued, and what that would run. */
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import type { Params, Result } from "../../contract/Methods.ts"
import type { Session } from "../../contract/session/Session.ts"
import { commandLine, printable } from "../Paint.ts"

type Say = (line: string) => void

/** Those that nobody has resumed yet, the oldest first. */
const waiting = async (client: Client): Promise<ReadonlyArray<Session>> => {
  const { sessions } = await client.call("session.list", { status: "interrupted" })
  return sessions.filter(({ resumedBy }) => resumedBy === null)
}

interface Asked {
  /** Without one: all that wait. */
  readonly session: string | undefined
  readonly fresh: boolean
}

export const planOf = async (client: Client, { fresh, session }: Asked, say: Say) => {
  const chosen = session === undefined ? (await waiting(client)).map(({ id }) => id) : [session]
  const plans: Array<Result<"session.continuation">> = []
  for (const one of chosen) {
    const plan = await client.call("session.continuation", { session: one, ...(fresh ? { fresh } : {}) })
    const what = plan.exact ? "this conversation" : "the most recent conversation there"
    const how = plan.program === null ? "the same command line" : `${plan.program} goes on with ${what}`
    say(`${printable(plan.name)}: ${commandLine(plan.argv)}`)
    say(`  in ${printable(plan.cwd)}, ${plan.cols}x${plan.rows}, ${how}`)
    plans.push(plan)
  }
  if (chosen.length === 0) say("No session waits to be resumed.")
  return plans
}

/** One that cannot be started keeps no other from it; the exit code tells. */
export const resumeInterrupted = async (
  client: Client,
  // Each in its own size: nobody is looking.
  { cols: _cols, rows: _rows, ...how }: Omit<Params<"session.resume">, "session">,
  say: Say
) => {
  const resumed: Array<Session> = []
  const refused: Array<{ readonly session: string; readonly error: string }> = []
  for (const { id, name } of await waiting(client)) {
    try {
      const session = await client.call("session.resume", { ...how, session: id, once: true })
      say(session.name)
      resumed.push(session)
    } catch (error) {
      if (!(error instanceof AgentdError)) throw error
      // Somebody else did it meanwhile.
      if (error.tag === "AlreadyResumed") continue
      refused.push({ session: id, error: error.message })
      process.stderr.write(`agentctl: ${printable(name)}: ${error.message}\n`)
      process.exitCode = ExitCode.Failed
    }
  }
  if (resumed.length + refused.length === 0) say("No session waits to be resumed.")
  return { resumed, refused }
}
