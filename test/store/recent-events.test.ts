/** The events that are kept in memory: whoever reads them reads what is in the log. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import type { EventBody } from "../../src/contract/Event.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { readPage } from "../../src/store/eventReads.ts"
import { RecentEvents } from "../../src/store/RecentEvents.ts"
import { Sqlite } from "../../src/store/Sqlite.ts"
import { daemonStarted, sessionEnded, sessionId, sessionStarted, store, temporaryDirectory } from "./fixture.ts"

const body = fc.oneof(
  fc.integer({ min: 1, max: 9_999 }).map(daemonStarted),
  fc.integer({ min: 1, max: 500 }).map((n): EventBody => sessionEnded((n % 3) + 1)),
  fc
    .record({ n: fc.integer({ min: 1, max: 3 }), words: fc.array(fc.string({ maxLength: 200 }), { maxLength: 3 }) })
    .map(({ n, words }): EventBody => ({ type: "session.tagged", session: sessionId(n), tags: words }))
)

/** One transaction each; sometimes more than is kept. */
const transactions = fc.array(
  fc.tuple(fc.array(body, { minLength: 1, maxLength: 8 }), fc.constantFrom(1, 1, 1, 20, 60)),
  { minLength: 1, maxLength: 8 }
)

const question = fc.record(
  {
    after: fc.nat({ max: 600 }),
    limit: fc.integer({ min: 1, max: 40 }),
    session: fc.integer({ min: 1, max: 3 }).map(sessionId),
    maxBytes: fc.integer({ min: 0, max: 3_000 })
  },
  { requiredKeys: ["after", "limit"] }
)

describe("recent events", () => {
  it("are what the log itself answers, whatever is asked", async () => {
    await fc.assert(
      fc.asyncProperty(transactions, fc.array(question, { minLength: 20, maxLength: 40 }), (appends, questions) =>
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          yield* Effect.gen(function* () {
            const log = yield* EventLog
            const { read } = yield* Sqlite
            for (const [bodies, times] of appends) {
              yield* log.appendAll(Array.from({ length: times }, () => bodies).flat())
              const last = yield* log.last
              for (const options of questions) {
                const fromDisk = yield* read((sql) => readPage(sql, options, last))
                assert.deepStrictEqual(yield* log.read(options), fromDisk, JSON.stringify(options))
              }
            }
          }).pipe(Effect.provide(store(directory, [])))
        }).pipe(Effect.scoped, Effect.runPromise)
      ),
      { numRuns: 30 }
    )
  })

  it.live("are read without the database, by whoever keeps up", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.gen(function* () {
        const log = yield* EventLog
        yield* log.appendAll([daemonStarted(1), daemonStarted(2)])
        yield* (yield* Sqlite).transaction((sql) => sql.unsafe("ALTER TABLE events RENAME TO elsewhere"))
        const { events } = yield* log.read({ after: 1, limit: 10 })
        assert.deepStrictEqual(
          events.map(({ seq }) => seq),
          [2]
        )
      }).pipe(Effect.provide(store(directory, [])))
    })
  )

  it("take a bounded number of bytes", () => {
    const recent = new RecentEvents(0)
    const added = (seq: number, bytes: number) => ({
      event: { seq, id: `evt_${seq}`, at: 1, body: sessionStarted(seq) },
      session: null,
      bytes
    })
    recent.add([added(1, 600_000), added(2, 300_000)])
    assert.strictEqual(recent.page({ after: 0, limit: 10 }, 2)?.events.length, 2)
    recent.add([added(3, 300_000)])
    assert.isUndefined(recent.page({ after: 0, limit: 10 }, 3))
    assert.strictEqual(recent.page({ after: 1, limit: 10 }, 3)?.events.length, 2)
    recent.add([added(4, 2_000_000)])
    assert.isUndefined(recent.page({ after: 3, limit: 10 }, 4))
    assert.deepStrictEqual(recent.page({ after: 4, limit: 10 }, 4), { events: [], next: 4, last: 4 })
  })
})
