import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import type { EventBody } from "../../src/contract/Event.ts"
import { sessionProjection } from "../../src/sessions/SessionProjection.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import type { Projection } from "../../src/store/Projection.ts"
import { describeDifference } from "../../src/store/Projections.ts"
import { Sqlite } from "../../src/store/Sqlite.ts"
import { daemonStarted, sessionEnded, sessionId, sessionStarted, store, temporaryDirectory } from "./fixture.ts"

const sessions = Effect.flatMap(Sqlite, ({ read }) => read((sql) => sql`SELECT * FROM sessions ORDER BY id`))

/** Changes tables behind the log's back. */
const meddle = (statement: string) =>
  Effect.flatMap(Sqlite, ({ transaction }) => transaction((sql) => sql.unsafe(statement)))

const withSessions = <A, E>(test: (log: EventLog["Service"]) => Effect.Effect<A, E, EventLog | Sqlite>) =>
  Effect.flatMap(temporaryDirectory, (directory) =>
    Effect.gen(function* () {
      const log = yield* EventLog
      yield* log.appendAll([sessionStarted(1), sessionStarted(2), sessionEnded(1), sessionStarted(3)])
      return yield* test(log)
    }).pipe(Effect.provide(store(directory)))
  )

/** Few ids and names, so that events meet: second ends, taken names, sessions that are gone or never were. */
const session = fc.integer({ min: 1, max: 4 })
const name = fc.constantFrom("ant", "bee", "cat")
const size = fc.integer({ min: 1, max: 300 })
const event: fc.Arbitrary<EventBody> = fc.oneof(
  fc.record({ n: session, name }).map(({ n, name }) => sessionStarted(n, name)),
  fc.record({ n: session, at: fc.nat() }).map(({ n, at }) => sessionEnded(n, at)),
  session.map((n): EventBody => ({ type: "session.running", session: sessionId(n), pid: 100 + n, startTime: "7" })),
  fc
    .record({ n: session, name })
    .map(({ n, name }): EventBody => ({ type: "session.renamed", session: sessionId(n), name })),
  fc
    .record({ n: session, tags: fc.array(fc.constantFrom("x", "y", "z")) })
    .map(({ n, tags }): EventBody => ({ type: "session.tagged", session: sessionId(n), tags })),
  fc
    .record({ n: session, cols: size, rows: size })
    .map(({ n, cols, rows }): EventBody => ({ type: "session.resized", session: sessionId(n), cols, rows })),
  fc
    .record({ n: session, file: fc.option(fc.constant("/t.cast")), bytes: fc.nat() })
    .map(({ n, file, bytes }): EventBody => ({ type: "session.archived", session: sessionId(n), file, bytes })),
  session.map((n): EventBody => ({ type: "session.removed", session: sessionId(n), by: "request" })),
  fc.constant(daemonStarted(1))
)

describe("projections", () => {
  it("hold the same rows whether filled event by event or rebuilt, for any events", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 40 }), (bodies) =>
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          yield* Effect.gen(function* () {
            const log = yield* EventLog
            let appended = 0
            for (const body of bodies) if ((yield* Effect.option(log.append(body)))._tag === "Some") appended++
            const incremental = yield* sessions
            assert.deepStrictEqual(yield* log.compare, [])
            assert.strictEqual(yield* log.rebuild, appended)
            assert.deepStrictEqual(yield* sessions, incremental)
          }).pipe(Effect.provide(store(directory)))
        }).pipe(Effect.scoped, Effect.runPromise)
      ),
      { numRuns: 60 }
    )
  })

  it.live("are rebuilt from the log, whatever became of their rows", () =>
    withSessions((log) =>
      Effect.gen(function* () {
        const before = yield* sessions
        yield* meddle("DELETE FROM sessions WHERE name = 'session-2'")
        yield* meddle("UPDATE sessions SET cwd = '/elsewhere'")
        assert.strictEqual(yield* log.rebuild, 4)
        assert.deepStrictEqual(yield* sessions, before)
      })
    )
  )

  it.live("are rebuilt also when their table was dropped or remade", () =>
    withSessions((log) =>
      Effect.gen(function* () {
        const before = yield* sessions
        yield* meddle("DROP TABLE sessions")
        const [missing] = yield* log.compare
        assert.strictEqual(describeDifference(missing!), `table "sessions" is missing or differently made`)
        yield* meddle("CREATE TABLE sessions (id TEXT)")
        assert.isTrue((yield* log.compare)[0]?.definition)
        yield* log.rebuild
        assert.deepStrictEqual(yield* sessions, before)
        assert.deepStrictEqual(yield* log.compare, [])
      })
    )
  )

  it.live("compared with the log, show rows that were edited, deleted or added by hand", () =>
    withSessions((log) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* log.compare, [])
        yield* meddle(`UPDATE sessions SET cwd = '/forged' WHERE id = '${sessionId(1)}'`)
        const [edited, ...others] = yield* log.compare
        assert.deepStrictEqual(others, [])
        assert.deepInclude(edited!, { projection: "sessions", table: "sessions", missing: 1, unexpected: 1 })
        assert.strictEqual(edited!.examples.missing[0]?.cwd, "/")
        assert.strictEqual(edited!.examples.unexpected[0]?.cwd, "/forged")
        yield* meddle(`DELETE FROM sessions WHERE id IN ('${sessionId(1)}', '${sessionId(2)}')`)
        assert.deepInclude((yield* log.compare)[0]!, { missing: 2, unexpected: 0 })
        yield* log.rebuild
        yield* meddle(`UPDATE sessions SET id = 'ses_planted' WHERE id = '${sessionId(2)}'`)
        assert.deepInclude((yield* log.compare)[0]!, { missing: 1, unexpected: 1 })
      })
    )
  )

  it.live("are filled again on opening when their definition changed, dropping tables they no longer have", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const counter = (version: number, table: string): Projection => ({
        name: "counter",
        version,
        tables: [table],
        schema: [`CREATE TABLE ${table} (seq INTEGER PRIMARY KEY) STRICT`],
        apply: (sql, { seq }) => Effect.asVoid(sql`INSERT INTO ${sql.table(table)} VALUES (${seq * version})`)
      })
      const open = (projection: Projection, query: string) =>
        Effect.flatMap(Sqlite, ({ read }) => read((sql) => sql.unsafe<{ n: number }>(query))).pipe(
          Effect.map((rows) => rows.map(({ n }) => n)),
          Effect.provide(store(directory, [sessionProjection, projection]))
        )
      yield* Effect.flatMap(EventLog, (log) => log.appendAll([daemonStarted(1), daemonStarted(2)])).pipe(
        Effect.provide(store(directory))
      )
      assert.deepStrictEqual(yield* open(counter(1, "counts"), "SELECT seq AS n FROM counts"), [1, 2])
      assert.deepStrictEqual(yield* open(counter(10, "counts"), "SELECT seq AS n FROM counts"), [10, 20])
      assert.deepStrictEqual(yield* open(counter(10, "tallies"), "SELECT seq AS n FROM tallies"), [10, 20])
      const left = yield* Effect.flip(open(counter(10, "tallies"), "SELECT seq AS n FROM counts"))
      assert.include(left.message, "no such table: counts")
    })
  )

  it.live("keep their rows when a rebuild fails", () =>
    withSessions((log) =>
      Effect.gen(function* () {
        const before = yield* sessions
        // A start that can no longer be applied, put in behind the log's back.
        const body = JSON.stringify(sessionStarted(2))
        yield* meddle(
          `INSERT INTO events (seq, id, at, type, body) VALUES (5, 'evt_01ARZ3NDEKTSV4RRFFQ69G5FAV', 1, 'session.started', '${body}')`
        )
        assert.match((yield* Effect.flip(log.rebuild)).message, /contradicts what is already stored/)
        assert.deepStrictEqual(yield* sessions, before)
      })
    )
  )
})
