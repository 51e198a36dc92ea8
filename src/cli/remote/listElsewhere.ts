/** Sessions of the machines that are connected just now, for `ls`. */
import { Client } from "../../client/Client.ts"
import { listHosts, throughHost } from "../../client/remote/Hosts.ts"
import type { Params } from "../../contract/Methods.ts"
import type { ListedSession } from "../words/SessionTable.ts"

/** Milliseconds another machine may take: a list should not hang on a slow link. */
const ANSWER_MS = 3_000

export const listElsewhere = async (
  wanted: Params<"session.list">
): Promise<{
  readonly sessions: ReadonlyArray<ListedSession>
  /** Machines that are connected and did not answer. */
  readonly silent: ReadonlyArray<string>
}> => {
  const up = (await listHosts()).filter(({ state }) => state.at === "up").map(({ name }) => name)
  const silent: Array<string> = []
  const lists = await Promise.all(
    up.map(async (host) => {
      await using client = new Client({ connect: throughHost(host) })
      try {
        const { sessions } = await client.call("session.list", wanted, { timeoutMs: ANSWER_MS })
        return sessions.map((session) => ({ ...session, host }))
      } catch {
        silent.push(host)
        return []
      }
    })
  )
  return { sessions: lists.flat(), silent }
}
