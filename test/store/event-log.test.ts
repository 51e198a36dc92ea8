import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer } from "effect"
import type { EventBody } from "../../src/contract/Event.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { Sqlite } from "../../src/store/Sqlite.ts"
import { daemonStarted, sessionEnded, sessionId, sessionStarted, sqlite, store, temporaryDirectory } from "./fixture.ts"

const withLog = <A, E>(test: (log: EventLog["Service"]) => Effect.Effect<A, E, EventLog | Sqlite>) =>
  Effect.flatMap(temporaryDirectory, (directory) =>
    Effect.flatMap(EventLog, test).pipe(Effect.provide(store(directory)))
  )

const everything = (log: EventLog["Service"]) =>
  Effect.map(log.read({ after: 0, limit: 1_000 }), ({ events }) => events)

/** Puts a row into the log as a later agentd might. */
const fromTheFuture = (seq: number, body: string) =>
  Effect.flatMap(Sqlite, ({ transaction }) =>
    transaction((sql) => sql`INSERT INTO events ${sql.insert({ seq, id: `evt_${seq}`, at: 1, type: "x", body })}`)
  )

describe("the event log", () => {
  it.live("gives back what was appended, in order, also after it was closed and opened again", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const appended = yield* Effect.gen(function* () {
        const log = yield* EventLog
        const first = yield* log.append(daemonStarted(1))
        const rest = yield* log.appendAll([sessionStarted(1), sessionEnded(1)])
        return [first, ...rest]
      }).pipe(Effect.provide(store(directory)))
      assert.deepStrictEqual(
        appended.map(({ seq }) => seq),
        [1, 2, 3]
      )
      for (const { id } of appended) assert.match(id, /^evt_[0-9A-HJKMNP-TV-Z]{26}$/)
      const page = yield* Effect.flatMap(EventLog, (log) =>
        Effect.andThen(log.append(daemonStarted(2)), log.read({ after: 0, limit: 3 }))
      ).pipe(Effect.provide(store(directory)))
      assert.deepStrictEqual(page, { events: appended, next: 3, last: 4 })
    })
  )

  it.live("shares a few commits among 500 concurrent appends, each with its own result", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      let commits = 0
      const counting = Layer.effect(
        Sqlite,
        Effect.map(Sqlite, (real) =>
          Sqlite.of({
            ...real,
            transaction: (body) =>
              Effect.tap(real.transaction(body), () => {
                commits++
                return Effect.void
              })
          })
        )
      ).pipe(Layer.provide(sqlite(directory)))
      yield* Effect.gen(function* () {
        const log = yield* EventLog
        const before = commits
        const pids = Array.from({ length: 500 }, (_, pid) => pid)
        const events = yield* Effect.all(
          pids.map((pid) => log.append(daemonStarted(pid))),
          { concurrency: "unbounded" }
        )
        assert.isAtMost(commits - before, 5)
        assert.deepStrictEqual(
          events.map(({ body }) => body),
          pids.map(daemonStarted)
        )
        assert.deepStrictEqual(
          events.map(({ seq }) => seq),
          pids.map((pid) => pid + 1)
        )
        assert.deepStrictEqual(yield* everything(log), events)
      }).pipe(Effect.provide(Layer.provide(EventLog.layer([]), counting)))
    })
  )

  it.live("refuses an event a projection cannot take, without a trace, and not its neighbours", () =>
    withLog((log) =>
      Effect.gen(function* () {
        yield* log.append(sessionStarted(1, "taken"))
        const [before, clash, after] = yield* Effect.all(
          [sessionStarted(2), sessionStarted(3, "taken"), sessionStarted(4)].map((body) =>
            Effect.exit(log.append(body))
          ),
          { concurrency: "unbounded" }
        )
        assert.isTrue(Exit.isSuccess(before!) && Exit.isSuccess(after!))
        assert.match(String(clash), /StorageUnavailable.*UNIQUE constraint failed: sessions.name/s)
        const stored = yield* everything(log)
        assert.deepStrictEqual(
          stored.map(({ seq, body }) => [seq, "session" in body && body.session]),
          [
            [1, sessionId(1)],
            [2, sessionId(2)],
            [3, sessionId(4)]
          ]
        )
        assert.deepStrictEqual(yield* log.compare, [])
      })
    )
  )

  it.live("appends all of a list or none of it", () =>
    withLog((log) =>
      Effect.gen(function* () {
        yield* Effect.flip(log.appendAll([sessionStarted(1, "twin"), sessionStarted(2, "twin")]))
        assert.strictEqual(yield* log.last, 0)
        assert.deepStrictEqual(yield* everything(log), [])
        assert.deepStrictEqual(yield* log.appendAll([]), [])
      })
    )
  )

  it.live("dies rather than store what it could not read again", () =>
    withLog((log) =>
      Effect.gen(function* () {
        const wrong = { type: "daemon.started", pid: 1.5, version: "1" } satisfies EventBody
        assert.match(String(yield* Effect.exit(log.append(wrong))), /not an event/)
        const stranger = [{ id: "evt_me", at: 1, body: daemonStarted(1) }]
        assert.match(String(yield* Effect.exit(log.importAll(stranger))), /not an event/)
        assert.strictEqual(yield* log.last, 0)
      })
    )
  )

  it.live("takes in foreign events with their id and time, once", () =>
    withLog((log) =>
      Effect.gen(function* () {
        yield* log.append(daemonStarted(1))
        const id = "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV"
        const foreign = [{ id, at: 42, body: sessionStarted(1) }]
        assert.deepStrictEqual(yield* log.importAll(foreign), [{ ...foreign[0]!, seq: 2 }])
        assert.deepStrictEqual(yield* log.importAll(foreign), [])
        assert.strictEqual(yield* log.last, 2)
      })
    )
  )

  it.live("reads one session's events, and says where to go on", () =>
    withLog((log) =>
      Effect.gen(function* () {
        yield* log.appendAll([sessionStarted(1), sessionStarted(2), sessionEnded(2), sessionEnded(1), daemonStarted(9)])
        const first = yield* log.read({ after: 0, limit: 1, session: sessionId(2) })
        assert.deepStrictEqual([first.events.map(({ seq }) => seq), first.next, first.last], [[2], 2, 5])
        const rest = yield* log.read({ after: first.next, limit: 10, session: sessionId(2) })
        assert.deepStrictEqual([rest.events.map(({ seq }) => seq), rest.next], [[3], 5])
      })
    )
  )

  it.live("bounds a page in bytes, but always gets on", () =>
    withLog((log) =>
      Effect.gen(function* () {
        yield* log.appendAll([1, 2, 3].map((n) => ({ ...sessionStarted(n), cwd: `/${"x".repeat(10_000)}` })))
        const seqs: Array<number> = []
        for (let after = 0; after < 3; ) {
          const page = yield* log.read({ after, limit: 10, maxBytes: 1 })
          assert.lengthOf(page.events, 1)
          seqs.push(...page.events.map(({ seq }) => seq))
          after = page.next
        }
        assert.deepStrictEqual(seqs, [1, 2, 3])
      })
    )
  )

  it.live("passes over events of a later agentd, when reading and when rebuilding", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.gen(function* () {
        yield* (yield* EventLog).append(sessionStarted(1))
        yield* fromTheFuture(2, `{"type":"session.teleported","session":"${sessionId(1)}","to":"mars"}`)
        yield* fromTheFuture(3, "not even JSON")
      }).pipe(Effect.provide(store(directory)))
      yield* Effect.gen(function* () {
        const log = yield* EventLog
        const page = yield* log.read({ after: 0, limit: 10 })
        assert.deepStrictEqual([page.events.map(({ seq }) => seq), page.next], [[1], 3])
        assert.strictEqual(yield* log.rebuild, 1)
        assert.deepStrictEqual(yield* log.compare, [])
      }).pipe(Effect.provide(store(directory)))
    })
  )

  it.live("wakes those who wait for it to grow", () =>
    withLog((log) =>
      Effect.gen(function* () {
        const waiting = yield* Effect.forkChild(Effect.andThen(log.grown(2), log.last), { startImmediately: true })
        yield* log.appendAll([daemonStarted(1), daemonStarted(2)])
        assert.isUndefined(waiting.pollUnsafe())
        yield* log.append(daemonStarted(3))
        assert.strictEqual(yield* Fiber.join(waiting), 3)
      })
    )
  )

  it.live("lets nobody change or delete an event", () =>
    withLog((log) =>
      Effect.gen(function* () {
        yield* log.append(daemonStarted(1))
        const { transaction } = yield* Sqlite
        const change = yield* Effect.flip(transaction((sql) => sql`UPDATE events SET at = 0`))
        assert.include(change.message, "events are never changed")
        const remove = yield* Effect.flip(transaction((sql) => sql`DELETE FROM events`))
        assert.include(remove.message, "events are never deleted")
      })
    )
  )
})
