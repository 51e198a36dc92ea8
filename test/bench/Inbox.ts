/**
 * An inbox of a million messages against one of a thousand: pages must not get slower as history grows.
 */
import { type Daemon, startDaemon } from "./Daemon.ts"
import { nameOf, openStopped, originOf, putMessages } from "./History.ts"
import { LineClient } from "./LineClient.ts"
import type { Measured } from "./Result.ts"
import type { Scratch } from "./Scratch.ts"
import { median, takeTurns } from "./statistics.ts"

/** Lists one round asks for, one after the other. */
const LISTS = 20

interface Page {
  readonly total: number
  readonly messages: ReadonlyArray<unknown>
}

const asked = { directory: "/", peek: true }

/** So many messages from an agent to the person who runs this. */
const fill = (state: string, count: number): void => {
  const db = openStopped(state)
  try {
    const [author, reader] = [nameOf(db, "agent"), nameOf(db, "person")]
    putMessages(db, { workspace: "home", origin: originOf(db), author, reader, count })
  } finally {
    db.close()
  }
}

/** A daemon whose person has so many messages. */
const withMessages = async (scratch: Scratch, count: number): Promise<{ daemon: Daemon; client: LineClient }> => {
  const state = scratch.directory()
  const before = await startDaemon(scratch, state)
  const first = await LineClient.open(before.client.socket)
  await first.call("agent.register", { name: "bench-writer", directory: "/" })
  await first.call("message.send", { to: ["@bench-writer"], text: "hello", directory: "/" })
  first.close()
  await before.stop()
  fill(state, count)
  const daemon = await startDaemon(scratch, state)
  const client = await LineClient.open(daemon.client.socket)
  const { messages, total } = (await client.call("message.list", asked)) as Page
  if (total !== count || messages.length === 0) throw new Error(`${total} of ${count} messages are there`)
  return { daemon, client }
}

const listing = async (client: LineClient): Promise<number> => {
  const taken: Array<number> = []
  for (let i = 0; i < LISTS; i++) {
    const began = performance.now()
    await client.call("message.list", asked)
    taken.push(performance.now() - began)
  }
  return median(taken)
}

const named = (count: number): string => `${count.toLocaleString("en-US")} messages`

export const inbox = async (scratch: Scratch, many: number, few: number, rounds: number): Promise<Measured> => {
  const sides = [await withMessages(scratch, many), await withMessages(scratch, few)] as const
  try {
    return {
      id: "inbox",
      title: `First page of an inbox of ${named(many)}`,
      unit: "ms",
      ours: named(many),
      rounds: await takeTurns(
        [
          { name: named(many), measure: () => listing(sides[0].client) },
          { name: named(few), measure: () => listing(sides[1].client) }
        ],
        rounds
      ),
      goal: { against: named(few), limit: 2, sense: "at most" },
      how: `Twenty messages with the counts of the whole inbox; median of ${LISTS} requests a round, to a daemon each.`
    }
  } finally {
    for (const { client, daemon } of sides) {
      client.close()
      await daemon.stop()
    }
  }
}
