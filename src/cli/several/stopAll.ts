/** `agentctl stop --all`: says what ends, asks, and stops the session it runs in itself only when the others are done. */
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import type { Session } from "../../contract/session/Session.ts"
import { CommandFailed } from "../AgentctlCommand.ts"
import { agreed } from "../agreed.ts"
import { printable } from "../Paint.ts"
import { eachSession } from "./eachSession.ts"

interface How {
  readonly yes: boolean
  readonly quiet: boolean
}

/** Null: there is none. */
export const stopAll = async (client: Client, stop: (session: string) => Promise<Session>, { quiet, yes }: How) => {
  const { sessions } = await client.call("session.list", {})
  if (sessions.length === 0) return null
  if (!yes) await confirm(sessions.map(({ name }) => printable(name)))
  const own = process.env.AGENTD_SESSION
  const names = new Map(sessions.map(({ id, name }) => [id, name]))
  /** By itself, while the question was asked. */
  const unlessEnded = (session: string) =>
    stop(session).catch((error) => {
      if (error instanceof AgentdError && error.tag === "SessionEnded") return client.call("session.get", { session })
      throw error
    })
  const others = sessions.filter(({ id }) => id !== own).map(({ id }) => id)
  const naming = { quiet, called: (id: string) => names.get(id) ?? id }
  const results = await eachSession(others, unlessEnded, naming)
  if (own === undefined || !names.has(own)) return results
  const last = await eachSession([own], stop, naming)
  return { done: [...results.done, ...last.done], failed: [...results.failed, ...last.failed] }
}

const confirm = async (names: ReadonlyArray<string>): Promise<void> => {
  const which = `${names.length === 1 ? "1 session" : `${names.length} sessions`}: ${names.join(", ")}`
  const answer = await agreed(`This stops ${which}. Go on?`)
  if (answer === null) throw new CommandFailed(`This stops ${which}. Give --yes if it is meant.`, ExitCode.Conflict)
  if (!answer) throw new CommandFailed("nothing was stopped")
}
