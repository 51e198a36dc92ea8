/** Everything a session's terminal has shown so far, page after page. */
import type { Client } from "../../client/Client.ts"
import type { History } from "../../contract/session/History.ts"

export async function* historyOf(
  client: Client,
  session: string,
  format: "text" | "styled"
): AsyncGenerator<History, void> {
  let cursor: string | null | undefined
  while (cursor !== null) {
    const page: History = await client.call("session.history", {
      session,
      format,
      ...(cursor === undefined ? {} : { cursor })
    })
    yield page
    cursor = page.cursor
  }
}
