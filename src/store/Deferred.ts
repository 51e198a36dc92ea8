/**
 * Projections that are filled after the append: what is acknowledged is on disk, and their tables follow within a moment, many
 * events in one transaction that nobody waits for.
 *
 * Whoever asks the tables has them filled first, so an answer is never older than what was acknowledged before the question. What a
 * crash leaves out is filled in at the next start: how far each has come is registered in the transaction that fills it.
 */
import { Deferred, Effect, type Scope } from "effect"
import type { Event } from "../contract/Event.ts"
import type { StorageUnavailable } from "../contract/errors/Errors.ts"
import { about } from "../contract/Log.ts"
import type { Projection } from "./Projection.ts"
import { appliedTo, fill } from "./Projections.ts"
import type { Sql, SqlError } from "./Sql.ts"
import type { Sqlite } from "./Sqlite.ts"

/** Milliseconds that events wait for others to be filled in with: so many share what a transaction costs, a page each of twenty. */
const WAIT_MS = 100

/** Events that wait no longer, because filling them in at once takes some milliseconds, in which nothing else happens. */
const ENOUGH = 64

/** Events that wait in memory at the most. Beyond that they are read from the log again. */
const MAX_WAITING = 4 * ENOUGH

export interface Filling {
  /** Is told of the events of every transaction, in order, and of the log's last number then. */
  readonly appended: (events: ReadonlyArray<Event>, last: number) => void
  /** Fills the tables with all that the log has. */
  readonly now: Effect.Effect<void, StorageUnavailable>
  /** The same in a transaction that has just added `events`, the log's last then being `last`. */
  readonly within: (sql: Sql, events: ReadonlyArray<Event>, last: number) => Effect.Effect<void, SqlError>
  /** They are filled up to here, by `within` or otherwise. */
  readonly filled: (last: number) => void
}

/** `start`: the log's last number. */
export const fillLater = Effect.fnUntraced(function* (
  { derive, read }: Sqlite["Service"],
  projections: ReadonlyArray<Projection>,
  start: number
): Effect.fn.Return<Filling, StorageUnavailable, Scope.Scope> {
  if (projections.length === 0) return nothingToFill
  const applied = yield* read((sql) => Effect.forEach(projections, (one) => appliedTo(sql, one)))
  /** Their events above `complete`, all of them. */
  let waiting: Array<Event> = []
  let complete = start
  /** The tables know the log up to here, and have to know it up to `wanted`. */
  let known = Math.min(...applied)
  let wanted = start
  let last = start
  let some = Deferred.makeUnsafe<void>()
  let enough = Deferred.makeUnsafe<void>()

  const isTheirs = ({ body }: Event) => projections.some(({ deferred }) => body.type.startsWith(deferred!.types))

  const filled: Filling["filled"] = (to) => {
    known = Math.max(known, to)
    complete = Math.max(complete, to)
    waiting = waiting.filter(({ seq }) => seq > to)
  }

  const within: Filling["within"] = (sql, events, to) =>
    Effect.forEach(projections, (one) => fill(sql, one, to, { events: [...waiting, ...events], complete }), {
      discard: true
    })

  const fillTo = (to: number) =>
    Effect.andThen(
      derive((sql) => within(sql, [], to)),
      Effect.sync(() => filled(to))
    )

  const now = Effect.suspend(() => (known < wanted ? fillTo(wanted) : Effect.void))

  // What a crash has left out. A table that cannot be filled keeps only those waiting who ask it.
  yield* Effect.catch(now, ({ reason }) =>
    Effect.logError(`Not filled from the event log: ${projections.map(({ name }) => name).join(", ")}: ${reason}`).pipe(
      Effect.annotateLogs(about("store.unfilled"))
    )
  )
  yield* Effect.addFinalizer(() =>
    // So that the next start need not look for events of theirs among all that has come since.
    Effect.ignore(Effect.suspend(() => (known < last ? fillTo(last) : Effect.void)))
  )
  yield* Effect.gen(function* () {
    yield* Deferred.await(some)
    yield* Effect.timeoutOption(Deferred.await(enough), WAIT_MS)
    some = Deferred.makeUnsafe()
    enough = Deferred.makeUnsafe()
    // What fails is tried again with the next event and by whoever asks, who is then told why.
    yield* Effect.ignore(now)
  }).pipe(Effect.forever, Effect.forkScoped)

  return {
    appended: (events, to) => {
      last = to
      const theirs = events.filter(isTheirs)
      if (theirs.length === 0) return
      wanted = to
      waiting.push(...theirs)
      Deferred.doneUnsafe(some, Effect.void)
      if (waiting.length >= ENOUGH) Deferred.doneUnsafe(enough, Effect.void)
      if (waiting.length > MAX_WAITING) {
        waiting = []
        complete = to
      }
    },
    now,
    within,
    filled
  }
})

const nothingToFill: Filling = { appended: () => {}, now: Effect.void, within: () => Effect.void, filled: () => {} }
