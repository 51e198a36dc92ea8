/** Refuses what would end sessions, naming them; nothing when no daemon runs. */
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import { CommandFailed } from "../AgentctlCommand.ts"
import { printable } from "../Paint.ts"

export const refuseToEndSessions = async (client: Client): Promise<void> => {
  try {
    const { sessions } = await client.call("session.list", {})
    if (sessions.length === 0) return
    const names = sessions.map(({ name }) => printable(name)).join(", ")
    throw new CommandFailed(`live sessions would end: ${names}. Give --yes to do it anyway.`, ExitCode.Conflict)
  } catch (error) {
    if (!(error instanceof AgentdError) || error.tag !== "NoDaemon") throw error
  }
}
