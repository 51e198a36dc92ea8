import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Stream } from "effect"
import fc from "fast-check"
import { MAX_EVENTS, MAX_LINE_BYTES, MAX_WATCH_BACKLOG } from "../../src/contract/Limits.ts"
import { Events, nextStep, type Watched } from "../../src/events/Events.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { daemonStarted, sessionId, sessionStarted, store, temporaryDirectory } from "../store/fixture.ts"

const withEvents = <A, E>(
  test: (events: Events["Service"], log: EventLog["Service"]) => Effect.Effect<A, E, EventLog>
) =>
  Effect.flatMap(temporaryDirectory, (directory) =>
    Effect.gen(function* () {
      return yield* test(yield* Events, yield* EventLog)
    }).pipe(Effect.provide(Layer.provideMerge(Events.layer, store(directory, []))))
  )

const many = (count: number) => Array.from({ length: count }, (_, pid) => daemonStarted(pid))

/** What a watcher was told, shortly: a sequence number, or the ends of a gap. */
const told = (item: Watched) => (item._tag === "event" ? item.event.seq : ([item.from, item.to] as const))

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

describe("event.list", () => {
  it.live("pages through the log and says where to go on", () =>
    withEvents((events, log) =>
      Effect.gen(function* () {
        yield* log.appendAll(many(5))
        const first = yield* events.list({ limit: 2 })
        assert.deepStrictEqual([first.events.map(({ seq }) => seq), first.next, first.last], [[1, 2], 2, 5])
        const rest = yield* events.list({ after: first.next })
        assert.deepStrictEqual([rest.events.map(({ seq }) => seq), rest.next, rest.last], [[3, 4, 5], 5, 5])
        assert.deepStrictEqual(yield* events.list({ after: 5 }), { events: [], next: 5, last: 5 })
      })
    )
  )

  it.live("gives no more than the limit, and no more than fits into a line", () =>
    withEvents((events, log) =>
      Effect.gen(function* () {
        yield* log.appendAll(many(MAX_EVENTS + 10))
        assert.lengthOf((yield* events.list({})).events, MAX_EVENTS)
        yield* log.appendAll(range(1, 40).map((n) => ({ ...sessionStarted(n), argv: ["x".repeat(100_000)] })))
        const page = yield* events.list({ after: MAX_EVENTS + 10 })
        assert.isBelow(Buffer.byteLength(JSON.stringify(page)), MAX_LINE_BYTES)
        assert.isBelow(page.next, page.last)
        const one = yield* events.list({ session: sessionId(3) })
        assert.deepStrictEqual(
          one.events.map(({ seq }) => seq),
          [MAX_EVENTS + 13]
        )
      })
    )
  )
})

describe("event.watch", () => {
  it.live("tells history and what happens meanwhile, each once and in order", () =>
    withEvents((events, log) =>
      Effect.gen(function* () {
        const total = 600
        yield* log.appendAll(many(300))
        const { after, items } = yield* events.watch(10)
        assert.strictEqual(after, 10)
        const watching = yield* Effect.forkChild(
          items.pipe(Stream.map(told), Stream.take(total - 10), Stream.runCollect),
          { startImmediately: true }
        )
        yield* Effect.forEach(many(300), log.append, { concurrency: 4, discard: true })
        assert.deepStrictEqual(yield* Fiber.join(watching), range(11, total))
      })
    )
  )

  it.live("without a number tells only what is new", () =>
    withEvents((events, log) =>
      Effect.gen(function* () {
        yield* log.appendAll(many(3))
        const { after, items } = yield* events.watch()
        assert.strictEqual(after, 3)
        // Before anybody listens: it still comes after what the caller was told.
        yield* log.append(daemonStarted(4))
        assert.deepStrictEqual(yield* items.pipe(Stream.map(told), Stream.take(1), Stream.runCollect), [4])
      })
    )
  )

  it.live("reads any length of history without a gap", () =>
    withEvents((events, log) =>
      Effect.gen(function* () {
        const total = MAX_WATCH_BACKLOG + 500
        yield* log.appendAll(many(total))
        const { items } = yield* events.watch(0)
        const seen = yield* items.pipe(Stream.map(told), Stream.take(total), Stream.runCollect)
        assert.deepStrictEqual(seen, range(1, total))
      })
    )
  )

  it.live("tells a slow watcher of a gap, goes on after it, and does not hold up the log or another watcher", () =>
    withEvents((events, log) =>
      Effect.gen(function* () {
        const reached = yield* Deferred.make<void>()
        const proceed = yield* Deferred.make<void>()
        const slow = yield* events.watch(0)
        const quick = yield* events.watch(0)
        const slowWatcher = yield* Effect.forkChild(
          slow.items.pipe(
            Stream.map(told),
            Stream.tap((item) =>
              item === 1 ? Effect.andThen(Deferred.succeed(reached, undefined), Deferred.await(proceed)) : Effect.void
            ),
            Stream.take(3),
            Stream.runCollect
          ),
          { startImmediately: true }
        )
        yield* log.append(daemonStarted(0))
        yield* Deferred.await(reached)
        const last = MAX_WATCH_BACKLOG + 2
        yield* Effect.forEach(range(1, 6), (n) => log.appendAll(many(n < 6 ? 700 : last - 1 - 5 * 700)))
        assert.strictEqual(yield* log.last, last)
        const seen = yield* quick.items.pipe(Stream.map(told), Stream.take(last), Stream.runCollect)
        assert.deepStrictEqual(seen, range(1, last))
        yield* Deferred.succeed(proceed, undefined)
        const more = yield* Effect.forkChild(Effect.andThen(log.grown(last), log.last))
        yield* log.append(daemonStarted(1))
        assert.strictEqual(yield* Fiber.join(more), last + 1)
        const [first, gap, next] = yield* Fiber.join(slowWatcher)
        assert.strictEqual(first, 1)
        assert.isArray(gap)
        const to = (gap as readonly [number, number])[1]
        assert.deepStrictEqual(gap, [2, to])
        assert.strictEqual(next, to + 1)
      })
    )
  )

  it.live("ends when its reader goes, and leaves nothing behind that waits", () =>
    withEvents((events, log) =>
      Effect.gen(function* () {
        const { items } = yield* events.watch()
        const watching = yield* Effect.forkChild(Stream.runDrain(items), { startImmediately: true })
        yield* Fiber.interrupt(watching)
        assert.strictEqual((yield* log.append(daemonStarted(1))).seq, 1)
      })
    )
  )

  it("decides by how far behind a watcher is, and only once it has seen the end", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(20_000), fc.boolean(), (after, last, live) => {
        const step = nextStep({ after, live }, last)
        if (last <= after) assert.strictEqual(step, "wait")
        else if (live && last - after > MAX_WATCH_BACKLOG) assert.deepStrictEqual(step, { from: after + 1, to: last })
        else assert.strictEqual(step, "read")
      })
    )
  })
})
