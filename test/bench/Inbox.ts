/**
 * An inbox of a million messages against one of a thousand: pages must not get slower as history grows.
 *
 * A million sends would take minutes, so rows are put straight into a database whose daemon is not running, as its own tables have them.
 */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { type Daemon, startDaemon } from "./Daemon.ts"
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
  const file = readdirSync(state, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith("agentd.db"))
  const db = new DatabaseSync(join(state, file!))
  try {
    for (const pragma of ["journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"])
      db.exec(`PRAGMA ${pragma}`)
    db.exec(`CREATE TEMP TABLE base AS SELECT
      (SELECT MAX(seq) FROM events) AS seq, (SELECT origin FROM installation) AS origin,
      (SELECT COALESCE(MAX(origin_seq), 0) FROM events) AS number,
      (SELECT id FROM agents WHERE kind = 'agent') AS author, (SELECT name FROM agents WHERE kind = 'agent') AS author_name,
      (SELECT id FROM agents WHERE kind = 'person') AS reader, (SELECT name FROM agents WHERE kind = 'person') AS reader_name`)
    const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}),
      m AS (SELECT i, printf('%026d', i) AS ulid, printf('%012x0000', 1700000000000 + i) AS clock,
        'This is message ' || i || ' of many, about as long as such messages are.' AS text, base.* FROM n, base)`
    db.exec("BEGIN")
    db.exec(`${numbers} INSERT INTO events (seq, id, at, type, body, workspace, origin, origin_seq, clock)
      SELECT seq + i, 'evt_' || ulid, 1700000000000 + i, 'message.sent',
        json_object('type', 'message.sent', 'author', json_object('id', author, 'name', author_name),
          'to', json_array('@' || reader_name),
          'recipients', json_array(json_object('id', reader, 'name', reader_name, 'delivered', json('true'))),
          'thread', NULL, 'replyTo', NULL, 'scopes', json_array(), 'refs', json_array(), 'format', 'markdown', 'text', text,
          'data', NULL, 'key', NULL),
        'home', origin, number + i, clock FROM m`)
    db.exec(`${numbers} INSERT INTO messages (id, workspace, origin, sent, thread, author, author_name, to_addresses, at, format,
        text, bytes, data, scopes, refs)
      SELECT 'msg_' || ulid, 'home', origin, clock || 'evt_' || ulid, 'msg_' || ulid, author, author_name,
        json_array('@' || reader_name), 1700000000000 + i, 'markdown', text, octet_length(text), 'null', '[]', '[]' FROM m`)
    db.exec(`${numbers} INSERT INTO mailbox (message, agent, name, sent, delivered_at)
      SELECT 'msg_' || ulid, reader, reader_name, clock || 'evt_' || ulid, 1700000000000 + i FROM m`)
    db.exec("COMMIT")
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
