/**
 * Questions to the event log's own table.
 */
import { Effect, Option } from "effect"
import type { Event } from "../contract/Event.ts"
import { decodeEvent, EVENT_COLUMNS, type EventRow } from "./EventRows.ts"
import { EPOCH } from "./HybridClock.ts"
import type { Sql, SqlError } from "./Sql.ts"

/** Rows fetched at a time by a read that is bounded in bytes. */
const READ_PAGE = 50

export interface ReadOptions {
  /** Only events with a larger sequence number. */
  readonly after: number
  readonly limit: number
  readonly session?: string | undefined
  /** Stop after so many bytes of bodies; at least one event is returned. */
  readonly maxBytes?: number
}

export interface EventPage {
  readonly events: ReadonlyArray<Event>
  /** Sequence number to read after next. Events this build does not understand are passed over. */
  readonly next: number
  /** The log's last sequence number. */
  readonly last: number
}

export const lastSeq = (sql: Sql): Effect.Effect<number, SqlError> =>
  Effect.map(sql<{ last: number | null }>`SELECT MAX(seq) AS last FROM events`, ([row]) => row?.last ?? 0)

export const originOf = (sql: Sql): Effect.Effect<string, SqlError> =>
  Effect.map(sql<{ origin: string }>`SELECT origin FROM installation`, ([row]) => row!.origin)

/** The latest reading of any installation that this one knows of. */
export const lastClock = (sql: Sql): Effect.Effect<string, SqlError> =>
  Effect.map(
    sql<{ last: string | null }>`SELECT MAX(clock) AS last FROM events WHERE clock IS NOT NULL`,
    ([row]) => row?.last ?? EPOCH
  )

export const readPage = Effect.fnUntraced(function* (
  sql: Sql,
  { after, limit, maxBytes = Number.POSITIVE_INFINITY, session }: ReadOptions,
  last: number
): Effect.fn.Return<EventPage, SqlError> {
  const events: Array<Event> = []
  const ofSession = session === undefined ? "" : "session = ? AND"
  const page = maxBytes === Number.POSITIVE_INFINITY ? limit : Math.min(limit, READ_PAGE)
  let next = after
  for (let left = limit, bytes = 0; left > 0; ) {
    const asked = Math.min(left, page)
    const rows = yield* sql.unsafe<EventRow>(
      `SELECT ${EVENT_COLUMNS} FROM events WHERE ${ofSession} seq > ? ORDER BY seq LIMIT ?`,
      [...(session === undefined ? [] : [session]), next, asked]
    )
    for (const row of rows) {
      bytes += Buffer.byteLength(row.body)
      if (bytes > maxBytes && next > after) return { events, next, last: Math.max(last, next) }
      Option.map(decodeEvent(row), (event) => events.push(event))
      next = row.seq
    }
    if (rows.length < asked) {
      next = Math.max(next, last)
      break
    }
    left -= rows.length
  }
  return { events, next, last: Math.max(last, next) }
})
