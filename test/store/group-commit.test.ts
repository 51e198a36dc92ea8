import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { makeGroupCommit } from "../../src/store/GroupCommit.ts"

/** A commit that records what it was given, fails if `bad` is among it, and lasts until `gate` opens. */
const recorder = (gate: Effect.Effect<unknown> = Effect.void, limit = 100) =>
  Effect.gen(function* () {
    const batches: Array<ReadonlyArray<number>> = []
    const begun = yield* Deferred.make<void>()
    const submit = yield* makeGroupCommit<number, string, "bad" | "closed">({
      commit: (items) =>
        Effect.gen(function* () {
          batches.push(items)
          yield* Deferred.succeed(begun, undefined)
          yield* gate
          return items.includes(13) ? yield* Effect.fail("bad" as const) : items.map((item) => `done ${item}`)
        }),
      limit,
      closed: () => "closed"
    })
    return { batches, begun, submit }
  })

describe("group commit", () => {
  it.live("takes what arrives during a commit into the next one, in order", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { batches, begun, submit } = yield* recorder(Deferred.await(gate))
      const first = yield* Effect.forkChild(submit(0))
      yield* Deferred.await(begun)
      const rest = yield* Effect.forkChild(Effect.all([1, 2, 3, 4].map(submit), { concurrency: "unbounded" }), {
        startImmediately: true
      })
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(first), "done 0")
      assert.deepStrictEqual(yield* Fiber.join(rest), ["done 1", "done 2", "done 3", "done 4"])
      assert.deepStrictEqual(batches, [[0], [1, 2, 3, 4]])
    })
  )

  it.live("keeps a commit within its limit", () =>
    Effect.gen(function* () {
      const { batches, submit } = yield* recorder(Effect.void, 3)
      yield* Effect.all([1, 2, 3, 4, 5, 6, 7].map(submit), { concurrency: "unbounded" })
      assert.deepStrictEqual(batches, [[1, 2, 3], [4, 5, 6], [7]])
    })
  )

  it.live("takes together what arrives in one turn of the event loop, also after a time of rest", () =>
    Effect.gen(function* () {
      const { batches, submit } = yield* recorder()
      yield* submit(0)
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(() => setImmediate(resolve))))
      yield* Effect.all([1, 2, 3, 4].map(submit), { concurrency: "unbounded" })
      assert.deepStrictEqual(batches, [[0], [1, 2, 3, 4]])
    })
  )

  it.live("lets the event loop turn between two commits, however many wait", () =>
    Effect.gen(function* () {
      let turns = 0
      let next: NodeJS.Immediate
      const count = () => {
        turns++
        next = setImmediate(count)
      }
      count()
      const at: Array<number> = []
      const { submit } = yield* recorder(
        Effect.sync(() => at.push(turns)),
        1
      )
      yield* Effect.all([1, 2, 3, 4].map(submit), { concurrency: "unbounded" })
      clearImmediate(next!)
      assert.lengthOf(new Set(at), 4)
    })
  )

  it.live("fails only the item at fault", () =>
    Effect.gen(function* () {
      const { submit } = yield* recorder()
      const exits = yield* Effect.all(
        [12, 13, 14].map((item) => Effect.exit(submit(item))),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(exits, [Exit.succeed("done 12"), Exit.fail("bad" as const), Exit.succeed("done 14")])
      assert.strictEqual(yield* submit(15), "done 15")
    })
  )

  it.live("lets a commit finish when its scope closes, and refuses what waited or comes later", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const gate = yield* Deferred.make<void>()
      const { begun, submit } = yield* Scope.provide(recorder(Deferred.await(gate)), scope)
      const first = yield* Effect.forkChild(Effect.exit(submit(1)))
      yield* Deferred.await(begun)
      const waiting = yield* Effect.forkChild(Effect.exit(submit(2)), { startImmediately: true })
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
      assert.deepStrictEqual(yield* Fiber.join(first), Exit.succeed("done 1"))
      assert.deepStrictEqual(yield* Fiber.join(waiting), Exit.fail("closed" as const))
      assert.deepStrictEqual(yield* Effect.exit(submit(3)), Exit.fail("closed" as const))
    })
  )
})
