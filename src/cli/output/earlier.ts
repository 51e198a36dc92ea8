/** The sessions that one continues, as far as they are still known. */
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import type { Session } from "../../contract/session/Session.ts"

/** The oldest first. */
export const earlierOf = async (client: Client, session: Session): Promise<ReadonlyArray<Session>> => {
  const found: Array<Session> = []
  for (let { resumedFrom } = session; resumedFrom !== null && !found.some(({ id }) => id === resumedFrom); ) {
    const before = await known(client, resumedFrom)
    if (before === null) break
    found.unshift(before)
    resumedFrom = before.resumedFrom
  }
  return found
}

const known = async (client: Client, session: string): Promise<Session | null> => {
  try {
    return await client.call("session.get", { session })
  } catch (error) {
    if (error instanceof AgentdError && error.tag === "SessionNotFound") return null
    throw error
  }
}
