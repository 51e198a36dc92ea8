/**
 * The event log: what must not be lost, appended and on disk before it is acknowledged, read back in order.
 *
 * Projections are applied in the transaction that appends, so a table never knows more or less than the log.
 */
import { Clock, Context, Deferred, Effect, Layer, Option, type Scope } from "effect"
import type { Event, EventBody } from "../contract/Event.ts"
import { StorageUnavailable } from "../contract/errors/Errors.ts"
import type { Stamp } from "../contract/Identity.ts"
import { about } from "../contract/Log.ts"
import { decodeEvent, EVENT_COLUMNS, type EventRow, encodeEvent, isEvent } from "./EventRows.ts"
import { makeGroupCommit } from "./GroupCommit.ts"
import { EPOCH, nextReading } from "./HybridClock.ts"
import { lastNumber, raiseFloor } from "./Numbering.ts"
import type { Projection } from "./Projection.ts"
import { applyAll, compare, type Difference, install, rebuild } from "./Projections.ts"
import type { Sql, SqlError } from "./Sql.ts"
import { Sqlite } from "./Sqlite.ts"
import { Chance, makeUlids } from "./Ulid.ts"

/** Appends one transaction takes: an fsync shared by so many costs each next to nothing, and the loop is free again soon. */
const MAX_BATCH = 256

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

/** What one transaction has added to the log, once it is on disk. */
export interface Commit {
  /** What has just happened here. */
  readonly events: ReadonlyArray<Event>
  /** What was taken in from elsewhere, and may have happened long ago. */
  readonly imported: ReadonlyArray<Event>
  /** Milliseconds the transaction took. */
  readonly ms: number
}

export class EventLog extends Context.Service<
  EventLog,
  {
    /** Appends one event. It is on disk, and every projection knows it, when this succeeds. */
    readonly append: (body: EventBody) => Effect.Effect<Event, StorageUnavailable>
    /** Appends all of them, one after the other, or none. */
    readonly appendAll: (bodies: ReadonlyArray<EventBody>) => Effect.Effect<ReadonlyArray<Event>, StorageUnavailable>
    /** The same for events that concern every installation of a workspace: each gets a stamp. */
    readonly share: (
      workspace: string,
      bodies: ReadonlyArray<EventBody>
    ) => Effect.Effect<ReadonlyArray<Event>, StorageUnavailable>
    /** This installation, as stamps name it. */
    readonly origin: string
    /**
     * Has the numbers of later stamps begin after a gap, because what is here is from a backup and others have events under those that
     * come next. `used`: the last number that is known to have been given.
     */
    readonly leaveGap: (used: number) => Effect.Effect<void, StorageUnavailable>
    /** Appends, all or none, those that are not in the log yet; answers these. */
    readonly importAll: (events: ReadonlyArray<ForeignEvent>) => Effect.Effect<ReadonlyArray<Event>, StorageUnavailable>
    /**
     * The same for events of other installations: kept as they came, also those this build does not understand. One whose id or
     * number is taken is passed over. Answers the ids of what is new.
     */
    readonly takeIn: (events: ReadonlyArray<SharedEvent>) => Effect.Effect<ReadonlyArray<string>, StorageUnavailable>
    /** One event by its id. */
    readonly find: (id: string) => Effect.Effect<Option.Option<Event>, StorageUnavailable>
    readonly read: (options: ReadOptions) => Effect.Effect<EventPage, StorageUnavailable>
    /** The last sequence number that is on disk; 0 for an empty log. */
    readonly last: Effect.Effect<number>
    /** Waits until the log has a larger sequence number. */
    readonly grown: (after: number) => Effect.Effect<void>
    /** Has `observer` told of every commit, at once and in order, until the scope closes; it must not throw. */
    readonly observe: (observer: (commit: Commit) => void) => Effect.Effect<void, never, Scope.Scope>
    /** Fills every projection anew from the log; answers how many events it applied. */
    readonly rebuild: Effect.Effect<number, StorageUnavailable>
    /** Where the tables differ from what the log implies. */
    readonly compare: Effect.Effect<ReadonlyArray<Difference>, StorageUnavailable>
  }
>()("agentd/store/EventLog") {
  static readonly layer = (projections: ReadonlyArray<Projection>): Layer.Layer<EventLog, StorageUnavailable, Sqlite> =>
    Layer.effect(EventLog, make(projections))
}

/** What one caller wants appended, all or nothing. */
interface Append {
  readonly events: ReadonlyArray<ForeignEvent>
  /** The workspace they are stamped for, if they are made here and concern others. */
  readonly workspace?: string
  /** Pass over events whose id the log has. */
  readonly foreign: boolean
  /** As they came, instead of `events`. */
  readonly shared?: ReadonlyArray<SharedEvent>
}

interface Written {
  /** What this build understands of it. */
  readonly events: ReadonlyArray<Event>
  readonly ids: ReadonlyArray<string>
}

const make = Effect.fn("EventLog.make")(function* (
  projections: ReadonlyArray<Projection>
): Effect.fn.Return<EventLog["Service"], StorageUnavailable, Sqlite | Scope.Scope> {
  const sqlite = yield* Sqlite
  const rebuilt = yield* sqlite.transaction((sql) => install(sql, projections))
  const nextUlid = makeUlids(yield* Chance)
  let last = yield* sqlite.read(lastSeq)
  const origin = yield* sqlite.read(originOf)
  let reading = yield* sqlite.read(lastClock)
  if (rebuilt.length > 0 && last > 0) {
    yield* Effect.logInfo(`Built anew from the event log: ${rebuilt.join(", ")}`).pipe(
      Effect.annotateLogs(about("store.rebuilt"))
    )
  }
  let growth = Deferred.makeUnsafe<void>()
  const observers = new Set<(commit: Commit) => void>()
  const clock = yield* Clock.Clock

  /** The last number that each workspace's events have got here; of those that have got one lately. */
  const numbers = new Map<string, number>()

  /** A reading that was given and then not committed is only passed over; a number is not: all are forgotten then. */
  const stamp = Effect.fnUntraced(function* (sql: Sql, workspace: string, at: number) {
    reading = nextReading(reading, at)
    const seq = (numbers.get(workspace) ?? (yield* lastNumber(sql, workspace, origin))) + 1
    numbers.set(workspace, seq)
    return { workspace, origin, seq, clock: reading } satisfies Stamp
  })

  const write = Effect.fnUntraced(function* (sql: Sql, { events, foreign, workspace }: Append, after: number) {
    const written: Array<Event> = []
    for (const event of events) {
      if (foreign && (yield* sql`SELECT 1 FROM events WHERE id = ${event.id}`).length > 0) continue
      const given = workspace === undefined ? event.stamp : yield* stamp(sql, workspace, event.at)
      if (given !== undefined && given.clock > reading) reading = given.clock
      // One of our own that comes back, from a copy, may be ahead of what is here.
      if (foreign) numbers.clear()
      const numbered: Event = {
        seq: after + written.length + 1,
        id: event.id,
        at: event.at,
        body: event.body,
        ...(given === undefined ? {} : { stamp: given })
      }
      yield* sql`INSERT INTO events ${sql.insert({ ...encodeEvent(numbered) })}`
      yield* applyAll(sql, projections, numbered)
      written.push(numbered)
    }
    return { events: written, ids: written.map(({ id }) => id) } satisfies Written
  })

  const receive = Effect.fnUntraced(function* (sql: Sql, shared: ReadonlyArray<SharedEvent>, after: number) {
    const events: Array<Event> = []
    const ids: Array<string> = []
    for (const { at, body, id, stamp, type } of shared) {
      const { clock, origin, seq: number, workspace } = stamp
      const taken = yield* sql`SELECT 1 FROM events WHERE id = ${id}
        UNION ALL SELECT 1 FROM events WHERE workspace = ${workspace} AND origin = ${origin} AND origin_seq = ${number}`
      if (taken.length > 0) continue
      numbers.clear()
      if (clock > reading) reading = clock
      const seq = after + ids.length + 1
      const row: EventRow = { seq, id, at, type, session: null, body, workspace, origin, origin_seq: number, clock }
      yield* sql`INSERT INTO events ${sql.insert({ ...row })}`
      ids.push(id)
      const event = Option.getOrUndefined(decodeEvent(row))
      if (event === undefined) continue
      yield* applyAll(sql, projections, event)
      events.push(event)
    }
    return { events, ids } satisfies Written
  })

  const commit = (appends: ReadonlyArray<Append>) => {
    const began = clock.currentTimeNanosUnsafe()
    return sqlite
      .transaction((sql) =>
        Effect.gen(function* () {
          let seq = last
          const results: Array<Written> = []
          for (const append of appends) {
            const { shared } = append
            const written = yield* shared === undefined ? write(sql, append, seq) : receive(sql, shared, seq)
            seq += written.ids.length
            results.push(written)
          }
          return { results, seq }
        })
      )
      .pipe(
        Effect.tapCause(() => Effect.sync(() => numbers.clear())),
        Effect.map(({ results, seq }) => {
          last = seq
          const grown = growth
          growth = Deferred.makeUnsafe()
          Deferred.doneUnsafe(grown, Effect.void)
          if (observers.size > 0) {
            const ms = Number(clock.currentTimeNanosUnsafe() - began) / 1e6
            const written = (foreign: boolean) =>
              results.flatMap(({ events }, at) => (appends[at]!.foreign === foreign ? events : []))
            const told = { events: written(false), imported: written(true), ms }
            for (const observer of observers) observer(told)
          }
          return results
        })
      )
  }

  const submit = yield* makeGroupCommit<Append, Written, StorageUnavailable>({
    commit,
    limit: MAX_BATCH,
    closed: () => new StorageUnavailable({ reason: "the event log is closed, because the daemon is stopping" })
  })

  const checked = (append: Append) => {
    const wrong = append.events.find((event) => !isEvent({ ...event, seq: 0 }))
    // Stored, it could never be read again. Only a mistake of ours leads here. Its content may be private: not quoted.
    if (wrong !== undefined) return Effect.die(new Error(`not an event: ${wrong.body.type} as ${wrong.id}`))
    return append.events.length === 0 ? Effect.succeed([]) : Effect.map(submit(append), ({ events }) => events)
  }

  const drafts = (bodies: ReadonlyArray<EventBody>) =>
    Effect.map(Clock.currentTimeMillis, (at) => bodies.map((body) => ({ id: `evt_${nextUlid(at)}`, at, body })))

  const appendAll = (bodies: ReadonlyArray<EventBody>) =>
    Effect.flatMap(drafts(bodies), (events) => checked({ events, foreign: false }))

  return EventLog.of({
    append: (body) => Effect.map(appendAll([body]), (events) => events[0]!),
    appendAll,
    share: (workspace, bodies) =>
      Effect.flatMap(drafts(bodies), (events) => checked({ events, foreign: false, workspace })),
    origin,
    leaveGap: (used) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        sqlite.transaction((sql) =>
          // Under the lock of the transaction: no stamp is given between the two.
          Effect.andThen(
            raiseFloor(sql, used, now),
            Effect.sync(() => numbers.clear())
          )
        )
      ),
    importAll: (events) => checked({ events, foreign: true }),
    takeIn: (shared) =>
      shared.length === 0
        ? Effect.succeed([])
        : Effect.map(submit({ events: [], foreign: true, shared }), ({ ids }) => ids),
    find: (id) =>
      Effect.map(
        sqlite.read((sql) => sql.unsafe<EventRow>(`SELECT ${EVENT_COLUMNS} FROM events WHERE id = ?`, [id])),
        ([row]) => (row === undefined ? Option.none() : decodeEvent(row))
      ),
    // `last` is taken before the query: every row up to it is visible to the query, so passing over them is safe.
    read: (options) => Effect.suspend(() => sqlite.read((sql) => readPage(sql, options, last))),
    last: Effect.sync(() => last),
    grown: (after) => {
      const wait: Effect.Effect<void> = Effect.suspend(() =>
        last > after ? Effect.void : Effect.andThen(Deferred.await(growth), wait)
      )
      return wait
    },
    observe: (observer) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => observers.add(observer)),
          () => Effect.sync(() => observers.delete(observer))
        )
      ),
    rebuild: sqlite.transaction((sql) => rebuild(sql, projections)),
    compare: sqlite.scratch((sql) => compare(sql, projections))
  })
})

const lastSeq = (sql: Sql): Effect.Effect<number, SqlError> =>
  Effect.map(sql<{ last: number | null }>`SELECT MAX(seq) AS last FROM events`, ([row]) => row?.last ?? 0)

const originOf = (sql: Sql): Effect.Effect<string, SqlError> =>
  Effect.map(sql<{ origin: string }>`SELECT origin FROM installation`, ([row]) => row!.origin)

/** The latest reading of any installation that this one knows of. */
const lastClock = (sql: Sql): Effect.Effect<string, SqlError> =>
  Effect.map(
    sql<{ last: string | null }>`SELECT MAX(clock) AS last FROM events WHERE clock IS NOT NULL`,
    ([row]) => row?.last ?? EPOCH
  )

const readPage = Effect.fnUntraced(function* (
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
