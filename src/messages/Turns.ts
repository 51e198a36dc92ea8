/**
 * One at a time where it matters and only there: what is done under a name waits for what is under way under the same one.
 */
import { Deferred, Effect } from "effect"

export class Turns {
  readonly #underWay = new Map<string, Deferred.Deferred<void>>()

  readonly take = <A, E, R>(name: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const before = this.#underWay.get(name)
      if (before !== undefined) return Effect.andThen(Deferred.await(before), this.take(name, effect))
      const done = Deferred.makeUnsafe<void>()
      this.#underWay.set(name, done)
      return Effect.ensuring(
        effect,
        Effect.sync(() => {
          this.#underWay.delete(name)
          Deferred.doneUnsafe(done, Effect.void)
        })
      )
    })
}
