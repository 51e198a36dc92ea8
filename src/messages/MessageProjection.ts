/**
 * The tables of messages: what was said, who it is for, what has become of it, and how each event changes them.
 *
 * The order in which events arrive must not matter. An edit, a deletion or a receipt that comes before its message waits in a row
 * of its own; each time something about a message arrives, what holds is worked out anew from all that is there.
 */
import { Effect } from "effect"
import { keyOf, madeBy } from "../agents/AgentProjection.ts"
import type { Event, EventBody } from "../contract/Event.ts"
import type { Stamp } from "../contract/Identity.ts"
import type { Projection } from "../store/Projection.ts"
import type { Sql, SqlError } from "../store/Sql.ts"
import { schema } from "./MessageTables.ts"

type Of<T extends EventBody["type"]> = Extract<EventBody, { readonly type: T }>

const apply = (sql: Sql, event: Event): Effect.Effect<void, SqlError> => {
  const { body, stamp } = event
  if (stamp === undefined) return Effect.void
  switch (body.type) {
    case "message.sent":
      return sent(sql, event, body, stamp)
    case "message.edited": {
      const { author, data, format, message, text } = body
      const row = { key: keyOf(event, stamp), message, author, origin: stamp.origin, at: event.at, format, text }
      return Effect.andThen(
        sql`INSERT OR IGNORE INTO message_edits ${sql.insert({ ...row, data: JSON.stringify(data) })}`,
        settle(sql, message)
      )
    }
    case "message.deleted": {
      const { author, message } = body
      const row = { key: keyOf(event, stamp), message, author, origin: stamp.origin, at: event.at }
      return Effect.andThen(sql`INSERT OR IGNORE INTO message_deletions ${sql.insert(row)}`, settle(sql, message))
    }
    case "message.received":
      return received(sql, event, body, stamp)
    case "message.filed":
      // The latest word holds.
      return Effect.asVoid(sql`INSERT INTO mailbox (message, agent, archived, archived_key)
        SELECT value, ${body.agent}, ${body.archived ? 1 : 0}, ${keyOf(event, stamp)}
        FROM json_each(${JSON.stringify(body.messages)}) WHERE TRUE
        ON CONFLICT (message, agent) DO UPDATE SET archived = excluded.archived, archived_key = excluded.archived_key
        WHERE archived_key IS NULL OR archived_key < excluded.archived_key`)
    default:
      return Effect.void
  }
}

const sent = Effect.fnUntraced(function* (sql: Sql, event: Event, body: Of<"message.sent">, stamp: Stamp) {
  const { author, data, format, key, recipients, refs, replyTo, scopes, text, thread, to } = body
  const id = madeBy("msg_", event)
  const { workspace } = stamp
  const place = keyOf(event, stamp)
  const row = {
    id,
    workspace,
    origin: stamp.origin,
    sent: place,
    thread: thread ?? id,
    reply_to: replyTo,
    author: author.id,
    author_name: author.name,
    to_addresses: JSON.stringify(to),
    at: event.at,
    format,
    text,
    bytes: Buffer.byteLength(text),
    data: JSON.stringify(data),
    scopes: JSON.stringify(scopes),
    refs: JSON.stringify(refs),
    send_key: key
  }
  yield* sql`INSERT INTO messages ${sql.insert(row)}`
  yield* sql`INSERT INTO mailbox (message, agent, name, sent, delivered_at)
    SELECT ${id}, value ->> 'id', value ->> 'name', ${place}, CASE WHEN value ->> 'delivered' THEN ${event.at} END
    FROM json_each(${JSON.stringify(recipients)}) WHERE TRUE
    ON CONFLICT (message, agent) DO UPDATE
    SET name = excluded.name, sent = excluded.sent, delivered_at = excluded.delivered_at`
  const marks = [
    ...scopes.map((scope) => markOf("scope", scope)),
    ...refs.map((ref) => markOf("ref", ref)),
    ...to.map((address) => markOf("mention", address))
  ]
  if (marks.length > 0) {
    yield* sql`INSERT OR IGNORE INTO message_marks (workspace, mark, sent, message)
      SELECT ${workspace}, value, ${place}, ${id} FROM json_each(${JSON.stringify(marks)})`
  }
  const early = yield* sql`SELECT 1 FROM message_edits WHERE message = ${id}
    UNION ALL SELECT 1 FROM message_deletions WHERE message = ${id} LIMIT 1`
  if (early.length > 0) yield* settle(sql, id)
})

/** How a scope, a reference or an address is found again. */
export const markOf = (kind: "scope" | "ref" | "mention", value: string): string =>
  `${kind} ${kind === "mention" && !value.startsWith("@") ? "@" : ""}${value}`

/** The first time counts. To read is to have seen. */
const received = (sql: Sql, event: Event, { agent, kind, messages }: Of<"message.received">, stamp: Stamp) => {
  const key = keyOf(event, stamp)
  const first = (column: "seen" | "read") =>
    sql.unsafe(
      `INSERT INTO mailbox (message, agent, ${column}_at, ${column}_key) SELECT value, ?, ?, ? FROM json_each(?) WHERE TRUE
       ON CONFLICT (message, agent) DO UPDATE SET ${column}_at = excluded.${column}_at, ${column}_key = excluded.${column}_key
       WHERE ${column}_key IS NULL OR ${column}_key > excluded.${column}_key`,
      [agent, event.at, key, JSON.stringify(messages)]
    )
  return Effect.asVoid(kind === "seen" ? first("seen") : Effect.andThen(first("seen"), first("read")))
}

/** Edits and deletions count when they are the author's own, from the author's own installation. */
const OWN = "x.message = messages.id AND x.author = messages.author AND x.origin = messages.origin"

const settle = (sql: Sql, message: string): Effect.Effect<void, SqlError> =>
  Effect.all(
    [
      sql.unsafe(
        `UPDATE messages SET (text, format, data, edited_at) =
           (SELECT text, format, data, at FROM message_edits x WHERE ${OWN} ORDER BY key DESC LIMIT 1),
           version = 1 + (SELECT COUNT(*) FROM message_edits x WHERE ${OWN})
         WHERE id = ? AND EXISTS (SELECT 1 FROM message_edits x WHERE ${OWN})`,
        [message]
      ),
      sql.unsafe(
        `UPDATE messages SET text = '', data = 'null',
           deleted_at = (SELECT at FROM message_deletions x WHERE ${OWN} ORDER BY key LIMIT 1)
         WHERE id = ? AND EXISTS (SELECT 1 FROM message_deletions x WHERE ${OWN})`,
        [message]
      ),
      sql`UPDATE messages SET bytes = octet_length(text) WHERE id = ${message}`,
      sql`UPDATE mailbox SET deleted = 1 WHERE message = ${message} AND deleted = 0 AND sent IS NOT NULL
        AND EXISTS (SELECT 1 FROM messages WHERE id = ${message} AND deleted_at IS NOT NULL)`
    ],
    { discard: true }
  )

export const messageProjection: Projection = {
  name: "messages",
  version: 2,
  tables: ["messages", "message_edits", "message_deletions", "message_marks", "mailbox", "mailbox_counts"],
  schema,
  apply
}
