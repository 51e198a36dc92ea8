/**
 * The event log: what must not be lost, appended and on disk before it is acknowledged, read back in order.
 *
 * Projections are applied in the transaction that appends, or before their tables are asked: nobody ever sees one that knows more or
 * less than the log.
 */
import { Clock, Context, Deferred, Effect, Layer, Option, type Scope } from "effect"
import type { Event, EventBody } from "../contract/Event.ts"
import { StorageUnavailable } from "../contract/errors/Errors.ts"
import { about } from "../contract/Log.ts"
import { type Append, type ForeignEvent, makeAppending, type SharedEvent, type Written } from "./Appending.ts"
import { fillLater } from "./Deferred.ts"
import { decodeEvent, EVENT_COLUMNS, type EventRow, isEvent } from "./EventRows.ts"
import { type EventPage, lastClock, lastSeq, originOf, type ReadOptions, readPage } from "./eventReads.ts"
import { makeGroupCommit } from "./GroupCommit.ts"
import { raiseFloor } from "./Numbering.ts"
import type { Projection } from "./Projection.ts"
import { compare, type Difference, install, isEager, rebuild } from "./Projections.ts"
import { RecentEvents } from "./RecentEvents.ts"
import { Sqlite } from "./Sqlite.ts"
import { Chance, makeUlids } from "./Ulid.ts"

/** Appends one transaction takes: an fsync shared by so many costs each next to nothing, and the loop is free again soon. */
const MAX_BATCH = 256

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
    /** Runs queries on the tables of projections: they know every event that was acknowledged before. */
    readonly query: Sqlite["Service"]["read"]
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

const make = Effect.fn("EventLog.make")(function* (
  projections: ReadonlyArray<Projection>
): Effect.fn.Return<EventLog["Service"], StorageUnavailable, Sqlite | Scope.Scope> {
  const sqlite = yield* Sqlite
  const rebuilt = yield* sqlite.transaction((sql) => install(sql, projections))
  const nextUlid = makeUlids(yield* Chance)
  let last = yield* sqlite.read(lastSeq)
  const origin = yield* sqlite.read(originOf)
  const appending = makeAppending(projections.filter(isEager), origin, yield* sqlite.read(lastClock))
  const recent = new RecentEvents(last)
  const filling = yield* fillLater(
    sqlite,
    projections.filter((one) => !isEager(one)),
    last
  )
  if (rebuilt.length > 0 && last > 0) {
    yield* Effect.logInfo(`Built anew from the event log: ${rebuilt.join(", ")}`).pipe(
      Effect.annotateLogs(about("store.rebuilt"))
    )
  }
  let growth = Deferred.makeUnsafe<void>()
  const observers = new Set<(commit: Commit) => void>()
  const clock = yield* Clock.Clock

  const commit = (appends: ReadonlyArray<Append>) => {
    const began = clock.currentTimeNanosUnsafe()
    const foreign = appends.some(({ kind }) => kind !== "own")
    return sqlite
      .transaction((sql) =>
        Effect.gen(function* () {
          const results = yield* appending.write(sql, appends, last)
          const seq = last + results.reduce((sum, { ids }) => sum + ids.length, 0)
          // What comes from elsewhere is only taken in if the tables can take it.
          if (foreign) yield* filling.within(sql, eventsOf(results), seq)
          return { results, seq }
        })
      )
      .pipe(
        Effect.tapCause(() => Effect.sync(() => appending.forget())),
        Effect.map(({ results, seq }) => {
          last = seq
          for (const { added } of results) recent.add(added)
          filling.appended(eventsOf(results), seq)
          if (foreign) filling.filled(seq)
          const grown = growth
          growth = Deferred.makeUnsafe()
          Deferred.doneUnsafe(grown, Effect.void)
          if (observers.size > 0) {
            const ms = Number(clock.currentTimeNanosUnsafe() - began) / 1e6
            const told = {
              events: eventsOf(results.filter((_, at) => appends[at]!.kind === "own")),
              imported: eventsOf(results.filter((_, at) => appends[at]!.kind !== "own")),
              ms
            }
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

  const checked = (append: Exclude<Append, { readonly kind: "shared" }>) => {
    const wrong = append.events.find((event) => !isEvent({ ...event, seq: 0 }))
    // Stored, it could never be read again. Only a mistake of ours leads here. Its content may be private: not quoted.
    if (wrong !== undefined) return Effect.die(new Error(`not an event: ${wrong.body.type} as ${wrong.id}`))
    return append.events.length === 0
      ? Effect.succeed([])
      : Effect.map(submit(append), (written) => eventsOf([written]))
  }

  const drafts = (bodies: ReadonlyArray<EventBody>) =>
    Effect.map(Clock.currentTimeMillis, (at) => bodies.map((body) => ({ id: `evt_${nextUlid(at)}`, at, body })))

  const appendAll = (bodies: ReadonlyArray<EventBody>) =>
    Effect.flatMap(drafts(bodies), (events) => checked({ kind: "own", events }))

  return EventLog.of({
    append: (body) => Effect.map(appendAll([body]), (events) => events[0]!),
    appendAll,
    share: (workspace, bodies) =>
      Effect.flatMap(drafts(bodies), (events) => checked({ kind: "own", events, workspace })),
    origin,
    leaveGap: (used) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        sqlite.transaction((sql) =>
          // Under the lock of the transaction: no stamp is given between the two.
          Effect.andThen(raiseFloor(sql, used, now), Effect.sync(appending.forget))
        )
      ),
    importAll: (events) => checked({ kind: "imported", events }),
    takeIn: (shared) =>
      shared.length === 0
        ? Effect.succeed([])
        : Effect.map(submit({ kind: "shared", events: shared }), ({ ids }) => ids),
    find: (id) =>
      Effect.map(
        sqlite.read((sql) => sql.unsafe<EventRow>(`SELECT ${EVENT_COLUMNS} FROM events WHERE id = ?`, [id])),
        ([row]) => (row === undefined ? Option.none() : decodeEvent(row))
      ),
    // `last` is taken before the query: every row up to it is visible to the query, so passing over them is safe.
    read: (options) =>
      Effect.suspend(() => {
        const page = recent.page(options, last)
        return page === undefined ? sqlite.read((sql) => readPage(sql, options, last)) : Effect.succeed(page)
      }),
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
    query: (body) => Effect.andThen(filling.now, sqlite.read(body)),
    rebuild: sqlite.transaction((sql) => rebuild(sql, projections)),
    // Tables that cannot be filled are behind, and must not pass for what the log implies.
    compare: Effect.andThen(
      filling.now,
      sqlite.scratch((sql) => compare(sql, projections))
    )
  })
})

const eventsOf = (written: ReadonlyArray<Written>): ReadonlyArray<Event> =>
  written.flatMap(({ added }) => added.map(({ event }) => event))
