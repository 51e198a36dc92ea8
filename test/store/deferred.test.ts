/** Tables that are filled after the append: what is acknowledged is in every answer, and a crash leaves nothing out. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import fc from "fast-check"
import { EventLog } from "../../src/store/EventLog.ts"
import { Sqlite } from "../../src/store/Sqlite.ts"
import { daemonStarted, deferredStarts, sessionEnded, sessionStarted, store, temporaryDirectory } from "./fixture.ts"

const COUNT = "SELECT pid FROM starts ORDER BY seq"

/** As whoever asks sees it. */
const asked = Effect.flatMap(EventLog, ({ query }) =>
  Effect.map(
    query((sql) => sql.unsafe<{ pid: number }>(COUNT)),
    (rows) => rows.map(({ pid }) => pid)
  )
)

/** As it is on disk at this moment. */
const onDisk = Effect.flatMap(Sqlite, ({ read }) =>
  Effect.map(
    read((sql) => sql.unsafe<{ pid: number }>(COUNT)),
    (rows) => rows.map(({ pid }) => pid)
  )
)

const meddle = (statement: string) =>
  Effect.flatMap(Sqlite, ({ transaction }) => transaction((sql) => sql.unsafe(statement)))

const opened = (directory: string) => store(directory, [deferredStarts])

const fresh = <A, E>(test: Effect.Effect<A, E, EventLog | Sqlite>) =>
  Effect.flatMap(temporaryDirectory, (directory) => Effect.provide(test, opened(directory)))

const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, at) => from + at)

describe("a table that is filled after the append", () => {
  // In virtual time nothing is filled because time has passed.
  it.effect("knows what was acknowledged when it is asked, and not sooner", () =>
    fresh(
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* log.append(daemonStarted(1))
        yield* log.append(daemonStarted(2))
        assert.deepStrictEqual(yield* onDisk, [])
        assert.deepStrictEqual(yield* asked, [1, 2])
        assert.deepStrictEqual(yield* onDisk, [1, 2])
      })
    )
  )

  it.live("is filled within a moment also when nobody asks", () =>
    fresh(
      Effect.gen(function* () {
        yield* (yield* EventLog).append(daemonStarted(1))
        while ((yield* onDisk).length === 0) yield* Effect.sleep(5)
        assert.deepStrictEqual(yield* onDisk, [1])
      })
    )
  )

  it.effect("is filled at once when many wait, and from the log when they are too many to remember", () =>
    fresh(
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* log.appendAll(numbers(100).map(daemonStarted))
        while ((yield* onDisk).length === 0) yield* Effect.yieldNow
        assert.deepStrictEqual(yield* onDisk, numbers(100))
        yield* log.appendAll(numbers(1_000, 101).map(daemonStarted))
        yield* log.append(daemonStarted(1_101))
        assert.deepStrictEqual(yield* asked, numbers(1_101))
      })
    )
  )

  it.effect("is filled when the log is closed, and by the next start after a crash", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.provide(
        Effect.flatMap(EventLog, (log) => log.append(daemonStarted(1))),
        opened(directory)
      )
      // As a crash leaves it: the event is in the log, the table and the register have not heard of it.
      yield* Effect.provide(
        Effect.andThen(
          meddle("UPDATE projections SET applied = 1"),
          Effect.flatMap(EventLog, (log) => log.append(daemonStarted(2)))
        ),
        store(directory, [])
      )
      const known = yield* Effect.provide(Effect.all([onDisk, asked]), opened(directory))
      assert.deepStrictEqual(known, [
        [1, 2],
        [1, 2]
      ])
    })
  )

  it.effect("that cannot be filled is not asked, and costs neither an event nor the start", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const refusal = "CREATE TRIGGER refuses BEFORE INSERT ON starts BEGIN SELECT RAISE(ABORT, 'no more'); END"
      yield* Effect.gen(function* () {
        const log = yield* EventLog
        yield* log.append(daemonStarted(1))
        yield* meddle(refusal)
        yield* log.append(daemonStarted(2))
        assert.match((yield* Effect.flip(asked)).message, /no more/)
        assert.strictEqual((yield* log.read({ after: 0, limit: 10 })).events.length, 2)
      }).pipe(Effect.provide(opened(directory)))
      yield* Effect.gen(function* () {
        assert.match((yield* Effect.flip(asked)).message, /no more/)
        assert.match((yield* Effect.flip((yield* EventLog).compare)).message, /no more/)
        yield* meddle("DROP TRIGGER refuses")
        assert.deepStrictEqual(yield* asked, [1, 2])
      }).pipe(Effect.provide(opened(directory)))
    })
  )

  it.effect("refuses what comes from elsewhere and does not fit, which is then not in the log", () =>
    fresh(
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* log.append(daemonStarted(1))
        yield* meddle(
          "CREATE TRIGGER refuses BEFORE INSERT ON starts WHEN NEW.pid = 9 BEGIN SELECT RAISE(ABORT, 'not nine'); END"
        )
        const foreign = (pid: number) => ({
          id: `evt_01ARZ3NDEKTSV4RRFFQ69G5FA${pid}`,
          at: 1,
          body: daemonStarted(pid)
        })
        assert.match((yield* Effect.flip(log.importAll([foreign(8), foreign(9)]))).message, /not nine/)
        yield* log.importAll([foreign(7)])
        assert.deepStrictEqual(yield* onDisk, [1, 7])
        yield* log.append(daemonStarted(2))
        assert.deepStrictEqual(yield* asked, [1, 7, 2])
      })
    )
  )

  it("has the same rows whenever it is asked, closed or told of other events, for any history", async () => {
    const pid = fc.integer({ min: 1, max: 1_000 })
    const step = fc.oneof(
      fc.array(pid, { minLength: 1, maxLength: 90 }).map((pids) => ({ do: "start" as const, pids })),
      fc.constant({ do: "else" as const }),
      fc.constant({ do: "ask" as const }),
      fc.constant({ do: "reopen" as const })
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), (steps) =>
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          const expected: Array<number> = []
          let scope = yield* Scope.make()
          let context = yield* Layer.buildWithScope(opened(directory), scope)
          for (const [at, one] of steps.entries()) {
            if (one.do === "reopen") {
              yield* Scope.close(scope, Exit.void)
              scope = yield* Scope.make()
              context = yield* Layer.buildWithScope(opened(directory), scope)
              continue
            }
            yield* Effect.gen(function* () {
              const log = yield* EventLog
              if (one.do === "start") {
                yield* log.appendAll(one.pids.map(daemonStarted))
                expected.push(...one.pids)
              } else if (one.do === "else") {
                yield* log.appendAll([sessionStarted(at), sessionEnded(at)])
              } else {
                assert.deepStrictEqual(yield* asked, expected)
              }
            }).pipe(Effect.provide(context))
          }
          yield* Effect.gen(function* () {
            const log = yield* EventLog
            assert.deepStrictEqual(yield* asked, expected)
            assert.deepStrictEqual(yield* log.compare, [])
            yield* log.rebuild
            assert.deepStrictEqual(yield* asked, expected)
          }).pipe(Effect.provide(context))
          yield* Scope.close(scope, Exit.void)
        }).pipe(Effect.scoped, Effect.runPromise)
      ),
      { numRuns: 40 }
    )
  })
})
