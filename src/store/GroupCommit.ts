/**
 * Group commit: what callers hand in while a commit is under way goes into the next one together.
 *
 * A commit that fails is tried again item by item, so that only the item at fault fails.
 */
import { Deferred, Effect, Exit, type Scope } from "effect"

interface Waiting<A, B, E> {
  readonly item: A
  readonly done: Deferred.Deferred<B, E>
}

export interface GroupCommitOptions<A, B, E> {
  /** Makes the items durable together or not at all; answers one result an item, in order. */
  readonly commit: (items: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>, E>
  /** Items one commit takes at the most. */
  readonly limit: number
  /** What callers are told once the scope is closed. */
  readonly closed: () => E
}

/** Answers `submit`: an interrupted caller's item may be committed all the same. */
export const makeGroupCommit = Effect.fnUntraced(function* <A, B, E>(
  options: GroupCommitOptions<A, B, E>
): Effect.fn.Return<(item: A) => Effect.Effect<B, E>, never, Scope.Scope> {
  const waiting: Array<Waiting<A, B, E>> = []
  let wake = Deferred.makeUnsafe<void>()
  let closed = false

  const settle = (batch: ReadonlyArray<Waiting<A, B, E>>): Effect.Effect<void> =>
    Effect.flatMap(Effect.exit(options.commit(batch.map(({ item }) => item))), (exit) => {
      if (Exit.isFailure(exit) && batch.length > 1)
        return Effect.forEach(batch, (one) => settle([one]), { discard: true })
      for (const [index, { done }] of batch.entries()) {
        Deferred.doneUnsafe(
          done,
          Exit.map(exit, (results) => results[index]!)
        )
      }
      return Effect.void
    })

  const work = Effect.gen(function* () {
    yield* Deferred.await(wake)
    // One turn of the event loop before each commit, which blocks it: what has arrived meanwhile is read now, and joins.
    yield* Effect.yieldNow
    const batch = waiting.splice(0, options.limit)
    if (waiting.length === 0) wake = Deferred.makeUnsafe()
    yield* Effect.uninterruptible(settle(batch))
  }).pipe(Effect.forever({ disableYield: true }))

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      closed = true
      for (const { done } of waiting.splice(0)) Deferred.doneUnsafe(done, Exit.fail(options.closed()))
    })
  )
  yield* Effect.forkScoped(work)

  return (item) =>
    Effect.suspend(() => {
      if (closed) return Effect.fail(options.closed())
      const done = Deferred.makeUnsafe<B, E>()
      waiting.push({ item, done })
      Deferred.doneUnsafe(wake, Exit.void)
      return Deferred.await(done)
    })
})
