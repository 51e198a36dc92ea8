/** From a full screen of ours into a session's own terminal, until that is left; then the screen again. */
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import type { AttachParams } from "../../contract/session/SessionTerminal.ts"
import { attachTo } from "../terminal/attachTo.ts"
import { ENDING_SIGNALS } from "./FullScreen.ts"

/** Resolves to the signal that ended it, which is meant for both; else null. `say` is told why it could not be. */
export const attached = async (
  client: Client,
  params: AttachParams,
  say: (why: string) => void
): Promise<NodeJS.Signals | null> => {
  let ending: NodeJS.Signals | null = null
  const note = (signal: NodeJS.Signals) => {
    ending = signal
  }
  for (const signal of ENDING_SIGNALS) process.on(signal, note)
  try {
    await attachTo(client, params)
  } catch (error) {
    if (!(error instanceof AgentdError)) throw error
    say(error.message)
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, note)
  }
  return ending
}
