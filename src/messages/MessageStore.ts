/**
 * What the event log says of messages: pages of them, one of them, and the counts of an inbox.
 */
import { Context, Effect, Layer } from "effect"
import type { StorageUnavailable } from "../contract/errors/Errors.ts"
import { MAX_PREVIEW } from "../contract/Limits.ts"
import type { Message } from "../contract/Message.ts"
import { EventLog } from "../store/EventLog.ts"
import type { Sql } from "../store/Sql.ts"
import { type Filter, planList } from "./List.ts"

interface MessageRow {
  readonly id: string
  readonly workspace: string
  readonly thread: string
  readonly reply_to: string | null
  readonly author: string
  readonly author_name: string
  readonly to_addresses: string
  readonly at: number
  readonly edited_at: number | null
  readonly deleted_at: number | null
  readonly version: number
  readonly format: Message["format"]
  readonly shown: string
  readonly bytes: number
  readonly data: string
  readonly scopes: string
  readonly refs: string
  readonly sent: string
  readonly recipients: string
  readonly unread: number | null
  readonly archived: number | null
}

export interface Page {
  readonly messages: ReadonlyArray<Message>
  readonly next: string | null
  readonly unread: number
  readonly total: number
}

export interface Version {
  readonly at: number
  readonly format: Message["format"]
  readonly text: string
  readonly data: Message["data"]
}

export class MessageStore extends Context.Service<
  MessageStore,
  {
    /** A page of a list with the counts of the reader's inbox, of one and the same moment. */
    readonly list: (filter: Filter) => Effect.Effect<Page, StorageUnavailable>
    /** One message of a workspace, as this agent sees it, its text cut as in a list. */
    readonly get: (
      workspace: string,
      id: string,
      reader: string | null
    ) => Effect.Effect<Message | null, StorageUnavailable>
    /** So much of a message's text, from a character on (as SQLite counts them: whole code points). */
    readonly text: (id: string) => Effect.Effect<string, StorageUnavailable>
    /** The message an author sent with this key. */
    readonly byKey: (author: string, key: string) => Effect.Effect<string | null, StorageUnavailable>
    readonly edits: (id: string) => Effect.Effect<ReadonlyArray<Version>, StorageUnavailable>
    /** Of these messages, those in the agent's mailbox that fit. */
    readonly mine: (
      agent: string,
      ids: ReadonlyArray<string>,
      which: "unread" | "unseen" | "inbox" | "archived"
    ) => Effect.Effect<ReadonlyArray<string>, StorageUnavailable>
    readonly unreadUpTo: (
      agent: string,
      cursor: string,
      limit: number
    ) => Effect.Effect<ReadonlyArray<string>, StorageUnavailable>
    readonly unread: (agent: string) => Effect.Effect<number, StorageUnavailable>
  }
>()("agentd/messages/MessageStore") {
  static readonly layer: Layer.Layer<MessageStore, never, EventLog> = Layer.effect(
    MessageStore,
    Effect.map(EventLog, ({ query: read }) =>
      MessageStore.of({
        list: (filter) => read((sql) => list(sql, filter)),
        get: (workspace, id, reader) =>
          Effect.map(
            read((sql) =>
              sql.unsafe<MessageRow>(
                `SELECT ${COLUMNS} FROM messages m LEFT JOIN mailbox b ON b.message = m.id AND b.agent = ?
                 WHERE m.id = ? AND m.workspace = ?`,
                [reader ?? "", id, workspace]
              )
            ),
            ([row]) => (row === undefined ? null : toMessage(row))
          ),
        text: (id) =>
          Effect.map(
            read((sql) => sql<{ text: string }>`SELECT text FROM messages WHERE id = ${id}`),
            ([row]) => row?.text ?? ""
          ),
        byKey: (author, key) =>
          Effect.map(
            read(
              (sql) =>
                sql<{ id: string }>`SELECT id FROM messages WHERE author = ${author} AND send_key = ${key}
                  ORDER BY sent LIMIT 1`
            ),
            ([row]) => row?.id ?? null
          ),
        edits: (id) =>
          Effect.map(
            read((sql) =>
              sql.unsafe<Omit<Version, "data"> & { readonly data: string }>(
                `SELECT x.at, x.format, substr(x.text, 1, ${MAX_PREVIEW}) AS text, x.data FROM message_edits x
                 JOIN messages m ON m.id = x.message AND m.author = x.author AND m.origin = x.origin
                 WHERE x.message = ? ORDER BY x.key`,
                [id]
              )
            ),
            (rows) => rows.map((row) => ({ ...row, data: JSON.parse(row.data) as Message["data"] }))
          ),
        mine: (agent, ids, which) =>
          Effect.map(
            read((sql) =>
              sql.unsafe<{ message: string }>(
                `SELECT b.message FROM json_each(?) e CROSS JOIN mailbox b ON b.message = e.value AND b.agent = ?
                 WHERE ${WHICH[which]} GROUP BY b.message`,
                [JSON.stringify(ids), agent]
              )
            ),
            (rows) => rows.map(({ message }) => message)
          ),
        unreadUpTo: (agent, cursor, limit) =>
          Effect.map(
            read(
              (sql) =>
                sql<{ message: string }>`SELECT message FROM mailbox WHERE agent = ${agent} AND unread = 1
                  AND sent <= ${cursor} ORDER BY sent LIMIT ${limit}`
            ),
            (rows) => rows.map(({ message }) => message)
          ),
        unread: (agent) =>
          Effect.map(
            read((sql) => sql<{ unread: number }>`SELECT unread FROM mailbox_counts WHERE agent = ${agent}`),
            ([row]) => row?.unread ?? 0
          )
      })
    )
  )
}

const WHICH = {
  unread: "b.sent IS NOT NULL AND b.read_at IS NULL",
  unseen: "b.sent IS NOT NULL AND b.seen_at IS NULL",
  inbox: "b.inbox = 1",
  archived: "b.archived = 1 AND b.sent IS NOT NULL"
} as const

/** The receipts of a message's recipients, from the start of the mailbox's primary key. */
const RECIPIENTS = `(SELECT json_group_array(json_object('id', r.agent, 'name', r.name, 'deliveredAt', r.delivered_at,
  'seenAt', r.seen_at, 'readAt', r.read_at)) FROM mailbox r WHERE r.message = m.id AND r.sent IS NOT NULL)`

const COLUMNS = `m.id, m.workspace, m.thread, m.reply_to, m.author, m.author_name, m.to_addresses, m.at, m.edited_at,
  m.deleted_at, m.version, m.format, substr(m.text, 1, ${MAX_PREVIEW}) AS shown, m.bytes, m.data, m.scopes, m.refs, m.sent,
  ${RECIPIENTS} AS recipients, b.unread, b.archived`

/** One statement, so that page and counts are of the same moment. */
const list = Effect.fnUntraced(function* (sql: Sql, filter: Filter) {
  const { parameters, query } = planList(filter)
  type Counted = MessageRow & { readonly box_unread: number | null; readonly box_total: number | null }
  const rows = yield* sql.unsafe<Counted>(
    `WITH page AS MATERIALIZED (${query})
     SELECT c.unread AS box_unread, c.total AS box_total, ${COLUMNS}
     FROM (SELECT 1) LEFT JOIN mailbox_counts c ON c.agent = ? LEFT JOIN page p ON TRUE
     LEFT JOIN messages m ON m.id = p.id LEFT JOIN mailbox b ON b.message = m.id AND b.agent = ?
     ORDER BY p.sent ${filter.oldest ? "" : "DESC"}`,
    [...parameters, filter.reader ?? "", filter.reader ?? ""]
  )
  const found = rows.filter(({ id }) => id !== null)
  const messages = found.slice(0, filter.limit).map(toMessage)
  const next = found.length > filter.limit ? (messages.at(-1)?.cursor ?? null) : null
  return { messages, next, unread: rows[0]?.box_unread ?? 0, total: rows[0]?.box_total ?? 0 }
})

const toMessage = (row: MessageRow): Message => ({
  id: row.id,
  workspace: row.workspace,
  thread: row.thread,
  replyTo: row.reply_to,
  author: { id: row.author, name: row.author_name },
  to: JSON.parse(row.to_addresses) as Array<string>,
  recipients: JSON.parse(row.recipients) as Message["recipients"],
  sentAt: row.at,
  editedAt: row.edited_at,
  deletedAt: row.deleted_at,
  version: row.version,
  format: row.format,
  text: row.shown,
  bytes: row.bytes,
  data: JSON.parse(row.data) as Message["data"],
  scopes: JSON.parse(row.scopes) as Array<string>,
  refs: JSON.parse(row.refs) as Array<string>,
  unread: row.unread === 1,
  archived: row.archived === 1,
  cursor: row.sent
})
