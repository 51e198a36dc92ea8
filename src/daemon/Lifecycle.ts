/**
 * When the daemon stops and why: one decision, made once, by a request, a signal, or having nothing to do.
 */
import { Clock, Context, Deferred, Effect, Layer, Queue, Stream, SubscriptionRef } from "effect"
import type { Conflict, NotSupported } from "../contract/errors/Errors.ts"

export class Lifecycle extends Context.Service<
  Lifecycle,
  {
    readonly startedAt: number
    readonly ephemeral: boolean
    /** Asks for the stop; the first reason stands. */
    readonly stop: (reason: string) => Effect.Effect<void>
    /** Completes with the reason once somebody has asked. */
    readonly stopping: Effect.Effect<string>
    readonly draining: () => boolean
    /** Asks for a restart in place; returns only with the reason why there is none. */
    readonly restart: Effect.Effect<never, Conflict | NotSupported>
    /** Who asked for a restart, each to be told when there is none. */
    readonly restarts: Queue.Dequeue<Deferred.Deferred<never, Conflict | NotSupported>>
  }
>()("agentd/daemon/Lifecycle") {
  static readonly layer = (ephemeral: boolean) =>
    Layer.effect(
      Lifecycle,
      Effect.gen(function* () {
        const reason = yield* Deferred.make<string>()
        const restarts = yield* Queue.unbounded<Deferred.Deferred<never, Conflict | NotSupported>>()
        return {
          restarts,
          restart: Effect.suspend(() => {
            const refused = Deferred.makeUnsafe<never, Conflict | NotSupported>()
            Queue.offerUnsafe(restarts, refused)
            return Deferred.await(refused)
          }),
          startedAt: yield* Clock.currentTimeMillis,
          ephemeral,
          stop: (why) => Effect.asVoid(Deferred.succeed(reason, why)),
          stopping: Deferred.await(reason),
          draining: () => Deferred.isDoneUnsafe(reason)
        }
      })
    )
}

type Count = SubscriptionRef.SubscriptionRef<number>

/** Completes once no client has been connected and no session has lived for `idleMs` on end. */
export const idle = Effect.fnUntraced(function* (connections: Count, sessions: Count, idleMs: number) {
  const nothing = Stream.merge(SubscriptionRef.changes(connections), SubscriptionRef.changes(sessions)).pipe(
    Stream.map(() => SubscriptionRef.getUnsafe(connections) === 0 && SubscriptionRef.getUnsafe(sessions) === 0)
  )
  const until = (wanted: boolean) =>
    nothing.pipe(
      Stream.filter((is) => is === wanted),
      Stream.take(1),
      Stream.runDrain
    )
  for (;;) {
    yield* until(true)
    const stayed = yield* Effect.raceFirst(Effect.as(Effect.sleep(idleMs), true), Effect.as(until(false), false))
    if (stayed) return
  }
})
