/** Prints what a session and those it continues have printed, as one: the oldest first. */
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import { printable } from "../Paint.ts"
import { earlierOf } from "./earlier.ts"
import { type FollowOptions, followOutput } from "./followOutput.ts"
import { joinCasts } from "./joinCasts.ts"

/** Resolves to how many bytes were missing in between. */
export const followAll = async (
  client: Client,
  { follow, format, session, write }: Pick<FollowOptions, "follow" | "format" | "session" | "write">
): Promise<number> => {
  const last = await client.call("session.get", { session })
  const sessions = [...(await earlierOf(client, last)), last]
  let missing = 0
  let first = true
  for (const one of sessions) {
    const [isFirst, isLast] = [first, one === last]
    const edit = (text: string) => joinCasts(text, one, isFirst)
    try {
      missing += await followOutput(client, {
        session: one.id,
        format,
        follow: follow && isLast,
        ...(write === undefined ? {} : { write }),
        ...(format === "cast" ? { edit } : {})
      })
      first = false
    } catch (error) {
      // Its transcript has gone, or cannot be read: the others can.
      if (isLast || !(error instanceof AgentdError) || error.tag !== "TranscriptUnavailable") throw error
      process.stderr.write(`agentctl: ${printable(one.name)}: ${error.message}\n`)
    }
  }
  return missing
}
