import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { EventLog } from "../../src/store/EventLog.ts"
import { daemonStarted, sessionStarted, store, temporaryDirectory } from "./fixture.ts"

describe("the event log", () => {
  it.live("gives back what was appended, in order, also after it was closed and opened again", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const appended = yield* Effect.gen(function* () {
        const log = yield* EventLog
        const first = yield* log.append(daemonStarted(1))
        const rest = yield* log.appendAll([sessionStarted(1), daemonStarted(2)])
        return [first, ...rest]
      }).pipe(Effect.provide(store(directory)))
      assert.deepStrictEqual(
        appended.map(({ seq }) => seq),
        [1, 2, 3]
      )
      const page = yield* Effect.flatMap(EventLog, (log) => log.read({ after: 0, limit: 10 })).pipe(
        Effect.provide(store(directory))
      )
      assert.deepStrictEqual(page, { events: appended, next: 3, last: 3 })
    })
  )
})
