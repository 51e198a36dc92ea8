import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import type { EventBody } from "../../src/contract/Event.ts"
import { idPrefix, SessionStore } from "../../src/sessions/SessionStore.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { Sqlite } from "../../src/store/Sqlite.ts"
import { sessionEnded, sessionId, sessionStarted, store, temporaryDirectory } from "../store/fixture.ts"

/** A session store over a log that already holds these events. */
const given = <A, E>(
  events: ReadonlyArray<EventBody>,
  test: (sessions: SessionStore["Service"]) => Effect.Effect<A, E, EventLog | Sqlite>
) =>
  Effect.flatMap(temporaryDirectory, (directory) =>
    Effect.gen(function* () {
      yield* Effect.flatMap(EventLog, (log) => log.appendAll(events))
      return yield* test(yield* SessionStore)
    }).pipe(Effect.provide(Layer.provideMerge(SessionStore.layer, store(directory))))
  )

const ids = (records: ReadonlyArray<{ readonly id: string }>) => records.map(({ id }) => Number(id.slice(-4)))

const running = (n: number): EventBody => ({
  type: "session.running",
  session: sessionId(n),
  pid: 4000 + n,
  startTime: "123456"
})
const archived = (n: number, bytes: number): EventBody => ({
  type: "session.archived",
  session: sessionId(n),
  file: `/transcripts/${n}.cast.zst`,
  bytes
})

describe("the sessions table", () => {
  it.effect("tells a session's whole life from its events", () =>
    given([], (sessions) =>
      Effect.gen(function* () {
        const log = yield* EventLog
        const get = Effect.map(sessions.get(sessionId(1)), Option.getOrThrow)
        yield* TestClock.setTime(500)
        yield* log.append({ ...sessionStarted(1, "ant"), tags: ["a"], ttlMs: 9, resumedFrom: sessionId(7) })
        const started = {
          id: sessionId(1),
          name: "ant",
          argv: ["sh", "-c", "true"],
          cwd: "/",
          cols: 80,
          rows: 24,
          tags: ["a"],
          status: "starting" as const,
          launcher: "direct" as const,
          pid: null,
          startTime: null,
          createdAt: 500,
          activeAt: 500,
          ttlMs: 9,
          exit: null,
          offset: 0,
          unrecorded: 0,
          archived: false,
          transcript: null,
          transcriptBytes: 0,
          resumedFrom: sessionId(7),
          limits: {},
          sandbox: "open",
          secrets: [],
          resumedBy: null,
          access: "all" as const,
          startedBy: null,
          sshAgent: false,
          browser: false,
          stdin: "terminal" as const,
          restart: "never" as const,
          hooks: "auto" as const,
          boot: null,
          agent: null,
          intent: null,
          task: null
        }
        assert.deepStrictEqual(yield* get, started)
        yield* log.append(running(1))
        const alive = { ...started, status: "running" as const, pid: 4001, startTime: "123456" }
        assert.deepStrictEqual(yield* get, alive)
        yield* log.appendAll([
          { type: "session.renamed", session: sessionId(1), name: "bee" },
          { type: "session.tagged", session: sessionId(1), tags: ["b", "c"] },
          { type: "session.resized", session: sessionId(1), cols: 200, rows: 50 }
        ])
        const changed = { ...alive, name: "bee", tags: ["b", "c"], cols: 200, rows: 50 }
        assert.deepStrictEqual(yield* get, changed)
        const end = { ...sessionEnded(1, 800), offset: 77, unrecorded: 3 }
        yield* log.append(end)
        const ended = {
          ...changed,
          ...{ status: "exited" as const, pid: null, startTime: null, exit: end.exit },
          ...{ activeAt: 800, offset: 77, unrecorded: 3 }
        }
        assert.deepStrictEqual(yield* get, ended)
        yield* log.append(archived(1, 33))
        const file = "/transcripts/1.cast.zst"
        assert.deepStrictEqual(yield* get, { ...ended, archived: true, transcript: file, transcriptBytes: 33 })
        yield* log.append({ type: "session.removed", session: sessionId(1), by: "retention" })
        assert.deepStrictEqual(yield* sessions.get(sessionId(1)), Option.none())
      })
    )
  )

  it.live("keeps the first end, and does not bring a session back to life", () =>
    given([sessionStarted(1), sessionEnded(1, 10), sessionEnded(1, 99), running(1)], (sessions) =>
      Effect.gen(function* () {
        const record = Option.getOrThrow(yield* sessions.get(sessionId(1)))
        assert.deepStrictEqual([record.status, record.exit?.at, record.pid], ["exited", 10, null])
      })
    )
  )

  it.live("knows what continues a session, unless that could not even be started", () => {
    const resumed = (n: number): EventBody => ({ ...sessionStarted(n, `n${n}`), resumedFrom: sessionId(1) })
    const removed = (n: number): EventBody => ({ type: "session.removed", session: sessionId(n), by: "request" })
    return given([sessionStarted(1), sessionEnded(1, 10), resumed(2)], (sessions) =>
      Effect.gen(function* () {
        const log = yield* EventLog
        const by = Effect.map(sessions.get(sessionId(1)), (found) => Option.getOrThrow(found).resumedBy)
        assert.strictEqual(yield* by, sessionId(2))
        yield* log.append(removed(2))
        assert.strictEqual(yield* by, null)
        yield* log.appendAll([resumed(3), running(3), sessionEnded(3, 20), removed(3)])
        assert.strictEqual(yield* by, sessionId(3))
      })
    )
  })

  it.live("has no place for an environment", () =>
    given([], () =>
      Effect.gen(function* () {
        const { read } = yield* Sqlite
        const columns = yield* read((sql) => sql<{ name: string }>`SELECT name FROM pragma_table_info('sessions')`)
        assert.isAbove(columns.length, 10)
        for (const { name } of columns) assert.notMatch(name, /env/)
      })
    )
  )

  it.live("lets a name belong to one live session at a time", () =>
    given([sessionStarted(1, "ant"), sessionStarted(2, "bee")], (sessions) =>
      Effect.gen(function* () {
        const log = yield* EventLog
        const holder = Effect.map(
          sessions.liveByName("ant"),
          Option.map(({ id }) => id)
        )
        assert.deepStrictEqual(yield* holder, Option.some(sessionId(1)))
        for (const body of [
          sessionStarted(3, "ant"),
          { type: "session.renamed", session: sessionId(2), name: "ant" } as const
        ]) {
          assert.include((yield* Effect.flip(log.append(body))).message, "UNIQUE constraint failed: sessions.name")
        }
        yield* log.append(sessionEnded(1))
        assert.deepStrictEqual(yield* holder, Option.none())
        yield* log.append(sessionStarted(3, "ant"))
        assert.deepStrictEqual(yield* holder, Option.some(sessionId(3)))
        assert.deepStrictEqual(ids(yield* sessions.endedByName("ant")), [1])
      })
    )
  )

  it.live("lists live sessions, or all, by tag and by status, newest last", () =>
    given(
      [
        { ...sessionStarted(9), tags: ["ci", "ci:2"] },
        { ...sessionStarted(1), tags: ["ci"] },
        { ...sessionStarted(5), tags: ["cim"] },
        running(9),
        sessionEnded(1)
      ],
      (sessions) =>
        Effect.gen(function* () {
          const list = (filter: Parameters<typeof sessions.list>[0]) => Effect.map(sessions.list(filter), ids)
          assert.deepStrictEqual(yield* list({}), [9, 5])
          assert.deepStrictEqual(yield* list({ all: true }), [9, 1, 5])
          assert.deepStrictEqual(yield* list({ all: true, tag: "ci" }), [9, 1])
          assert.deepStrictEqual(yield* list({ tag: "ci" }), [9])
          assert.deepStrictEqual(yield* list({ tag: "%" }), [])
          assert.deepStrictEqual(yield* list({ status: "exited" }), [1])
          assert.deepStrictEqual(yield* list({ status: "running" }), [9])
          assert.deepStrictEqual(ids(yield* sessions.live), [9, 5])
          assert.deepStrictEqual(ids(Option.toArray(yield* sessions.latest)), [5])
          assert.deepStrictEqual(yield* sessions.count, { live: 2, ended: 1 })
        })
    )
  )

  it.live("gives retention the ended sessions, the one that ended first first, with their size on disk", () =>
    given(
      [
        ...[1, 2, 3, 4].map((n) => sessionStarted(n)),
        ...[sessionEnded(3, 30), sessionEnded(1, 50), sessionEnded(4, 20)],
        ...[archived(3, 333), archived(1, 111)]
      ],
      (sessions) =>
        Effect.gen(function* () {
          const ended = yield* sessions.ended
          assert.deepStrictEqual(ids(ended), [4, 3, 1])
          assert.deepStrictEqual(
            ended.map(({ transcriptBytes }) => transcriptBytes),
            [0, 333, 111]
          )
        })
    )
  )

  it.live("finds sessions by the beginning of their id, as people type it", () => {
    const [first, second] = ["ses_01ARZ3NDEKTSV4RRFFQ69G5FAV", "ses_01ARZ3NDEKTSV4RRFFQ69G5FAW"] as const
    return given(
      [
        { ...sessionStarted(1, "ant"), session: second },
        { ...sessionStarted(2, "bee"), session: first }
      ],
      (sessions) =>
        Effect.gen(function* () {
          const find = (prefix: string) => Effect.map(sessions.byPrefix(prefix), (found) => found.map(({ id }) => id))
          for (const prefix of ["ses_01ARZ3", "01ARZ3", "01arz3", "SES_01arz3", "ses_"]) {
            assert.deepStrictEqual(yield* find(prefix), [first, second], prefix)
          }
          assert.deepStrictEqual(yield* find("01ARZ3NDEKTSV4RRFFQ69G5FAV"), [first])
          for (const prefix of ["ses_02", "%", "_", "ses_01ARZ3NDEKTSV4RRFFQ69G5FAVX", "session"]) {
            assert.deepStrictEqual(yield* find(prefix), [], prefix)
          }
        })
    )
  })

  it("reads a typed prefix as an id's beginning", () => {
    assert.strictEqual(idPrefix("01arz"), "ses_01ARZ")
    assert.strictEqual(idPrefix("Ses_01arz"), "ses_01ARZ")
  })
})
