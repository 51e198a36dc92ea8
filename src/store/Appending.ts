/**
 * Puts events into the log's table, and into the tables that are filled with it, in a transaction of somebody else's: what happened
 * here gets its number and stamp, what came from elsewhere is kept as it came, unless it is there already.
 */
import type { SQLInputValue } from "node:sqlite"
import { Effect, Option } from "effect"
import type { Event } from "../contract/Event.ts"
import type { Stamp } from "../contract/Identity.ts"
import { decodeEvent, type EventRow, encodeEvent } from "./EventRows.ts"
import { nextReading } from "./HybridClock.ts"
import { insertRows } from "./insertRows.ts"
import { lastNumber } from "./Numbering.ts"
import type { Projection } from "./Projection.ts"
import { applyAll } from "./Projections.ts"
import type { Added } from "./RecentEvents.ts"
import type { Sql, SqlError } from "./Sql.ts"

/** An event that happened elsewhere, with the id and time it was given there. */
export type ForeignEvent = Omit<Event, "seq">

/**
 * An event of another installation as it came: its body stays the text it is, because a later version may have put something into
 * it that this build does not understand and must pass on all the same.
 */
export interface SharedEvent {
  readonly id: string
  readonly at: number
  readonly type: string
  /** JSON. */
  readonly body: string
  readonly stamp: Stamp
}

/** What one caller wants appended, all or nothing. */
export type Append =
  | {
      readonly kind: "own"
      readonly events: ReadonlyArray<ForeignEvent>
      /** The workspace they are stamped for, if they concern others. */
      readonly workspace?: string
    }
  | { readonly kind: "imported"; readonly events: ReadonlyArray<ForeignEvent> }
  | { readonly kind: "shared"; readonly events: ReadonlyArray<SharedEvent> }

export interface Written {
  /** What this build understands of it. */
  readonly added: ReadonlyArray<Added>
  readonly ids: ReadonlyArray<string>
}

export interface Appending {
  /** Answers what each has added to a log whose last number is `after`. */
  readonly write: (
    sql: Sql,
    appends: ReadonlyArray<Append>,
    after: number
  ) => Effect.Effect<ReadonlyArray<Written>, SqlError>
  /** Has the numbers of the next stamps looked up again, because a transaction was undone or what they are above has changed. */
  readonly forget: () => void
}

const EVENTS = { table: "events" }

/** `reading`: the latest of the hybrid clock's that the log has. */
export const makeAppending = (projections: ReadonlyArray<Projection>, origin: string, reading: string): Appending => {
  let latest = reading
  /** The last number that each workspace's events have got here; of those that have got one lately. */
  const numbers = new Map<string, number>()

  /** A reading that was given and then not committed is only passed over; a number is not: all are forgotten then. */
  const stamp = Effect.fnUntraced(function* (sql: Sql, workspace: string, at: number) {
    latest = nextReading(latest, at)
    const seq = (numbers.get(workspace) ?? (yield* lastNumber(sql, workspace, origin))) + 1
    numbers.set(workspace, seq)
    return { workspace, origin, seq, clock: latest } satisfies Stamp
  })

  const seen = ({ clock }: Stamp) => {
    if (clock > latest) latest = clock
    // One of our own that comes back, from a copy, may be ahead of what is here.
    numbers.clear()
  }

  const own = Effect.fnUntraced(function* (
    sql: Sql,
    drafts: ReadonlyArray<ForeignEvent>,
    workspace: string | undefined,
    after: number
  ) {
    const events: Array<Event> = []
    for (const draft of drafts) {
      const given = workspace === undefined ? draft.stamp : yield* stamp(sql, workspace, draft.at)
      const event = numbered(draft, after + events.length + 1, given)
      yield* applyAll(sql, projections, event)
      events.push(event)
    }
    return events
  })

  const imported = Effect.fnUntraced(function* (sql: Sql, foreign: ReadonlyArray<ForeignEvent>, after: number) {
    const added: Array<Added> = []
    for (const one of foreign) {
      if ((yield* sql`SELECT 1 FROM events WHERE id = ${one.id}`).length > 0) continue
      if (one.stamp !== undefined) seen(one.stamp)
      const event = numbered(one, after + added.length + 1, one.stamp)
      const row = encodeEvent(event)
      yield* insertRows(sql, EVENTS, [{ ...row }])
      yield* applyAll(sql, projections, event)
      added.push(addedAs(event, row))
    }
    return { added, ids: idsOf(added) } satisfies Written
  })

  const shared = Effect.fnUntraced(function* (sql: Sql, foreign: ReadonlyArray<SharedEvent>, after: number) {
    const added: Array<Added> = []
    const ids: Array<string> = []
    for (const { at, body, id, stamp, type } of foreign) {
      const { clock, origin, seq: number, workspace } = stamp
      const taken = yield* sql`SELECT 1 FROM events WHERE id = ${id}
        UNION ALL SELECT 1 FROM events WHERE workspace = ${workspace} AND origin = ${origin} AND origin_seq = ${number}`
      if (taken.length > 0) continue
      seen(stamp)
      const seq = after + ids.length + 1
      const row: EventRow = { seq, id, at, type, session: null, body, workspace, origin, origin_seq: number, clock }
      yield* insertRows(sql, EVENTS, [{ ...row }])
      ids.push(id)
      const event = Option.getOrUndefined(decodeEvent(row))
      if (event === undefined) continue
      yield* applyAll(sql, projections, event)
      added.push(addedAs(event, row))
    }
    return { added, ids } satisfies Written
  })

  return {
    forget: () => numbers.clear(),
    write: Effect.fnUntraced(function* (sql, appends, after) {
      const written: Array<Written> = []
      /** Our own, which go into the table together; before what comes from elsewhere is looked for in it. */
      let rows: Array<Readonly<Record<string, SQLInputValue>>> = []
      const flush = Effect.suspend(() => {
        const together = rows
        rows = []
        return insertRows(sql, EVENTS, together)
      })
      let last = after
      for (const append of appends) {
        if (append.kind === "own") {
          const added: Array<Added> = []
          for (const event of yield* own(sql, append.events, append.workspace, last)) {
            const row = encodeEvent(event)
            rows.push({ ...row })
            added.push(addedAs(event, row))
          }
          written.push({ added, ids: idsOf(added) })
        } else {
          yield* flush
          written.push(
            yield* append.kind === "imported" ? imported(sql, append.events, last) : shared(sql, append.events, last)
          )
        }
        last += written.at(-1)!.ids.length
      }
      yield* flush
      return written
    })
  }
}

const numbered = ({ at, body, id }: ForeignEvent, seq: number, stamp: Stamp | undefined): Event => ({
  seq,
  id,
  at,
  body,
  ...(stamp === undefined ? {} : { stamp })
})

const addedAs = (event: Event, { body, session }: EventRow): Added => ({
  event,
  session,
  bytes: Buffer.byteLength(body)
})

const idsOf = (added: ReadonlyArray<Added>): ReadonlyArray<string> => added.map(({ event }) => event.id)
