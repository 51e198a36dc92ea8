/** The door's own part in answering, with handlers and a clock of the test's. */
import { it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Logger, Schema } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { Conflict } from "../../src/contract/errors/Errors.ts"
import { connectTo, type Methods } from "../support/connection.ts"

const anything = Schema.Struct({ n: Schema.optionalKey(Schema.Int) })
const contract = {
  quick: { params: anything, deadlineMs: 1_000 },
  slow: { params: anything, deadlineMs: 10_000 },
  patient: { params: anything, deadlineMs: null }
}
const open = (methods: Methods) =>
  Effect.acquireRelease(connectTo(contract as never, methods), ({ client }) => Effect.sync(() => client.destroy()))
const request = (id: number, method: string) => ({ jsonrpc: "2.0", id, method })

describe("a handler that never answers", () => {
  it.effect("is interrupted at its deadline, and its caller told which one that was", () =>
    Effect.gen(function* () {
      const interrupted = yield* Deferred.make<void>()
      const { client, connection } = yield* open({
        slow: () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))
      })
      client.send(request(1, "slow"))
      const answer = yield* Effect.forkChild(Effect.promise(() => client.answer()))
      yield* Effect.promise(() => new Promise(setImmediate))
      yield* TestClock.adjust(9_999)
      expect(connection.busy).toBe(true)
      yield* TestClock.adjust(1)
      expect(yield* Fiber.join(answer)).toMatchObject({
        id: 1,
        error: { code: -32012, data: { tag: "DeadlineExceeded", what: "slow", ms: 10_000 } }
      })
      yield* Deferred.await(interrupted)
      expect(connection.busy).toBe(false)
    })
  )

  it.effect("waits for as long as it takes where the method has no deadline", () =>
    Effect.gen(function* () {
      const finish = yield* Deferred.make<string>()
      const { client, connection } = yield* open({ patient: () => Deferred.await(finish) })
      client.send(request(1, "patient"))
      yield* Effect.promise(() => new Promise(setImmediate))
      yield* TestClock.adjust("30 days")
      expect(connection.busy).toBe(true)
      yield* Deferred.succeed(finish, "at last")
      expect(yield* Effect.promise(() => client.answer())).toEqual({ jsonrpc: "2.0", id: 1, result: "at last" })
    })
  )

  it.effect("is interrupted when its client has gone", () =>
    Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const interrupted = yield* Deferred.make<void>()
      const { client } = yield* open({
        patient: () =>
          Effect.andThen(
            Deferred.succeed(begun, undefined),
            Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))
          )
      })
      client.send(request(1, "patient"))
      yield* Deferred.await(begun)
      client.destroy()
      yield* Deferred.await(interrupted)
    })
  )
})

it.effect("requests of one connection run at the same time, and each is answered when it is done", () =>
  Effect.gen(function* () {
    const finish = yield* Deferred.make<string>()
    const { client } = yield* open({ slow: () => Deferred.await(finish), quick: () => Effect.succeed("quick") })
    client.send(request(1, "slow"))
    client.send(request(2, "quick"))
    expect(yield* Effect.promise(() => client.answer())).toMatchObject({ id: 2, result: "quick" })
    yield* Deferred.succeed(finish, "slow")
    expect(yield* Effect.promise(() => client.answer())).toMatchObject({ id: 1, result: "slow" })
  })
)

it.effect("a batch is answered once, when its last request is", () =>
  Effect.gen(function* () {
    const finish = yield* Deferred.make<string>()
    const { client } = yield* open({ slow: () => Deferred.await(finish), quick: () => Effect.succeed("quick") })
    client.send([request(1, "slow"), request(2, "quick")])
    client.send(request(3, "quick"))
    expect(yield* Effect.promise(() => client.answer())).toMatchObject({ id: 3 })
    yield* Deferred.succeed(finish, "slow")
    expect(yield* Effect.promise(() => client.answer())).toMatchObject([{ id: 1 }, { id: 2 }])
  })
)

describe("a handler that fails", () => {
  it.effect("as it may, answers with its error's code, sentence and fields", () =>
    Effect.gen(function* () {
      const { client } = yield* open({ quick: () => new Conflict({ reason: "Not now." }) })
      client.send(request(1, "quick"))
      expect(yield* Effect.promise(() => client.answer())).toEqual({
        jsonrpc: "2.0",
        id: 1,
        error: { code: -32018, message: "Not now.", data: { tag: "Conflict", reason: "Not now." } }
      })
    })
  )

  it.effect("as it must not, is logged in full and answered without its innards", () => {
    const logged: Array<string> = []
    const log = Logger.layer([
      Logger.make(({ cause, message }) => void logged.push(`${message} ${cause.reasons.map((r) => JSON.stringify(r))}`))
    ])
    return Effect.gen(function* () {
      const { client } = yield* open({ quick: () => Effect.die("hunter2") })
      client.send(request(1, "quick"))
      const answer = yield* Effect.promise(() => client.line())
      expect(JSON.parse(answer!)).toMatchObject({ id: 1, error: { code: -32603 } })
      expect(answer).not.toContain("hunter2")
      expect(logged.join()).toMatch(/"quick" failed unexpectedly.*hunter2/)
    }).pipe(Effect.provide(log), Effect.provide(Layer.empty))
  })

  it.effect("by throwing costs one answer, not the connection", () =>
    Effect.gen(function* () {
      const { client } = yield* open({
        quick: () => {
          throw new Error("a bug")
        },
        slow: () => Effect.succeed("still here")
      })
      client.send(request(1, "quick"))
      client.send(request(2, "slow"))
      expect(yield* Effect.promise(() => client.answer())).toMatchObject({ id: 1, error: { code: -32603 } })
      expect(yield* Effect.promise(() => client.answer())).toMatchObject({ id: 2, result: "still here" })
    })
  )
})
