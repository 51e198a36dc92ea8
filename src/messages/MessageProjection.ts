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
import { insertRows } from "../store/insertRows.ts"
import type { Projection } from "../store/Projection.ts"
import type { Sql, SqlError } from "../store/Sql.ts"
import { schema } from "./MessageTables.ts"

type Of<T extends EventBody["type"]> = Extract<EventBody, { readonly type: T }>

const apply = (sql: Sql, event: Event): Effect.Effect<void, SqlError> => {
  const { body, stamp } = event
  if (stamp === undefined) return Effect.void
  switch (body.type) {
    case "message.sent":
      return isSent(event) ? sent(sql, [event]) : Effect.void
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

type SentEvent = Event & { readonly body: Of<"message.sent">; readonly stamp: Stamp }

const isSent = (event: Event): event is SentEvent => event.stamp !== undefined && event.body.type === "message.sent"

/** Each run of messages in few statements: a table at a time, many rows at a time. */
const applyMany = Effect.fnUntraced(function* (
  sql: Sql,
  events: ReadonlyArray<Event>
): Effect.fn.Return<void, SqlError> {
  for (let at = 0; at < events.length; ) {
    const run: Array<SentEvent> = []
    for (let event = events[at]; event !== undefined && isSent(event); event = events[++at]) run.push(event)
    if (run.length > 0) yield* sent(sql, run)
    else yield* apply(sql, events[at++]!)
  }
})

const sent = Effect.fnUntraced(function* (sql: Sql, events: ReadonlyArray<SentEvent>) {
  yield* insertRows(sql, { table: "messages" }, events.map(rowOf))
  yield* insertRows(
    sql,
    {
      table: "mailbox",
      onConflict: `(message, agent) DO UPDATE
        SET name = excluded.name, sent = excluded.sent, delivered_at = excluded.delivered_at`
    },
    events.flatMap(inMailboxes)
  )
  yield* insertRows(sql, { table: "message_marks", verb: "INSERT OR IGNORE" }, events.flatMap(marksOf))
  const ids = JSON.stringify(events.map((event) => madeBy("msg_", event)))
  const early = yield* sql<{ message: string }>`SELECT message FROM message_edits
    WHERE message IN (SELECT value FROM json_each(${ids}))
    UNION SELECT message FROM message_deletions WHERE message IN (SELECT value FROM json_each(${ids}))`
  for (const { message } of early) yield* settle(sql, message)
})

const rowOf = (event: SentEvent) => {
  const { at, body, stamp } = event
  const { author, data, format, key, refs, replyTo, scopes, text, thread, to } = body
  const id = madeBy("msg_", event)
  return {
    id,
    workspace: stamp.workspace,
    origin: stamp.origin,
    sent: keyOf(event, stamp),
    thread: thread ?? id,
    reply_to: replyTo,
    author: author.id,
    author_name: author.name,
    to_addresses: JSON.stringify(to),
    at,
    format,
    text,
    bytes: Buffer.byteLength(text),
    data: JSON.stringify(data),
    scopes: JSON.stringify(scopes),
    refs: JSON.stringify(refs),
    send_key: key
  }
}

const inMailboxes = (event: SentEvent) =>
  event.body.recipients.map(({ delivered, id, name }) => ({
    message: madeBy("msg_", event),
    agent: id,
    name,
    sent: keyOf(event, event.stamp),
    delivered_at: delivered ? event.at : null
  }))

const marksOf = (event: SentEvent) => {
  const { refs, scopes, to } = event.body
  const marks = [
    ...scopes.map((scope) => markOf("scope", scope)),
    ...refs.map((ref) => markOf("ref", ref)),
    ...to.map((address) => markOf("mention", address))
  ]
  const place = { workspace: event.stamp.workspace, sent: keyOf(event, event.stamp), message: madeBy("msg_", event) }
  return marks.map((mark) => ({ ...place, mark }))
}

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
  apply,
  deferred: { types: "message.", applyMany }
}
