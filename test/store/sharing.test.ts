import { cpSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import type { EventBody } from "../../src/contract/Event.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { EPOCH, nextReading } from "../../src/store/HybridClock.ts"
import { type Migration, migrations } from "../../src/store/Migrations.ts"
import { usedNumbers } from "../../src/store/Numbering.ts"
import { daemonStarted, sqlite, store, temporaryDirectory } from "./fixture.ts"

/** A workspace that nothing was said in before. */
const UNKNOWN = "wks_00000000000000000000000009"
const status: EventBody = { type: "agent.status", agent: `agt_${"0".repeat(26)}`, status: "idle", note: null }

describe("a hybrid clock", () => {
  it("always grows, whatever the wall clock does, and follows it when it can", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 2 ** 47 })), (walls) => {
        let last = EPOCH
        for (const wall of walls) {
          const next = nextReading(last, wall)
          assert.isAbove(next.localeCompare(last), 0)
          assert.strictEqual(next.length, EPOCH.length)
          last = next
        }
      })
    )
    assert.strictEqual(nextReading("000000000005ffff", 1), "0000000000060000")
  })
})

describe("events that travel", () => {
  it.live("are numbered without a hole for each workspace, also across restarts, and keep their stamp", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const run = Effect.gen(function* () {
        const log = yield* EventLog
        yield* Effect.all(
          [
            log.share("home", [status, status]),
            log.append(daemonStarted(1)),
            log.share("wks_00000000000000000000000001", [status])
          ],
          { concurrency: 3 }
        )
        return { origin: log.origin, ...(yield* log.read({ after: 0, limit: 100 })) }
      })
      yield* Effect.provide(run, store(directory))
      const { events, origin } = yield* Effect.provide(run, store(directory))
      const stamps = events.flatMap(({ stamp }) => (stamp === undefined ? [] : [stamp]))
      const of = (workspace: string) => stamps.filter((one) => one.workspace === workspace).map(({ seq }) => seq)
      assert.deepStrictEqual(of("home"), [1, 2, 3, 4])
      assert.deepStrictEqual(of("wks_00000000000000000000000001"), [1, 2])
      assert.isTrue(stamps.every((one) => one.origin === origin))
      const clocks = stamps.map(({ clock }) => clock)
      assert.deepStrictEqual(clocks, clocks.toSorted())
      assert.strictEqual(new Set(clocks).size, clocks.length)
    }).pipe(Effect.scoped)
  )

  it.effect("are numbered behind a gap after a restore, in every workspace, and behind another after the next", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const numbers = (log: EventLog["Service"]) =>
        Effect.map(Effect.all([log.share("home", [status]), log.share(UNKNOWN, [status])]), (shared) =>
          shared.flat().map(({ stamp }) => stamp!.seq)
        )
      // The clock stands at 1970, as that of a machine without a battery.
      yield* Effect.gen(function* () {
        const log = yield* EventLog
        yield* log.share("home", [status, status])
        yield* log.leaveGap(0)
        assert.deepStrictEqual(yield* numbers(log), [1_000_003, 1_000_003])
      }).pipe(Effect.provide(store(directory)))
      yield* Effect.gen(function* () {
        const log = yield* EventLog
        assert.deepStrictEqual(yield* numbers(log), [1_000_004, 1_000_004])
        yield* log.leaveGap(5_000_000)
        assert.deepStrictEqual(yield* numbers(log), [6_000_001, 6_000_001])
        yield* log.leaveGap(0)
        assert.deepStrictEqual(yield* numbers(log), [7_000_002, 7_000_002])
        yield* TestClock.setTime(1_700_000_000_000)
        yield* log.leaveGap(0)
        assert.deepStrictEqual(yield* numbers(log), [1_700_000_000_001, 1_700_000_000_001])
      }).pipe(Effect.provide(store(directory)))
      assert.strictEqual(usedNumbers(join(directory, "agentd.db")), 1_700_000_000_001)
    }).pipe(Effect.scoped)
  )

  it.effect(
    "are numbered behind a gap once a copy from before a migration was put back, whichever version opens it",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const file = join(directory, "agentd.db")
        const share = (build: ReadonlyArray<Migration>) =>
          Effect.gen(function* () {
            yield* TestClock.adjust("1 second")
            const log = yield* EventLog
            return (yield* log.share("home", [status]))[0]!.stamp!.seq
          }).pipe(Effect.provide(Layer.provide(EventLog.layer([]), sqlite(directory, build))))
        const later = [...migrations, { name: "later", statements: ["CREATE TABLE later (n INTEGER) STRICT"] }]
        const putBack = (copy: string) => {
          for (const name of readdirSync(directory)) if (name.startsWith("agentd.db")) rmSync(join(directory, name))
          cpSync(join(directory, "backups", copy), file)
        }
        const numbers = [yield* share(migrations), yield* share(later), yield* share(later)]
        assert.deepStrictEqual(numbers, [1, 2, 3])
        const [copy] = readdirSync(join(directory, "backups"))
        putBack(copy!)
        assert.deepStrictEqual([yield* share(migrations), yield* share(migrations)], [1_000_002, 1_000_003])
        // Another migration is no reason for another gap.
        assert.strictEqual(yield* share(later), 1_000_004)
        yield* TestClock.setTime(1_700_000_000_000)
        putBack(copy!)
        assert.deepStrictEqual([yield* share(later), yield* share(later)], [1_700_000_000_001, 1_700_000_000_002])
      }).pipe(Effect.scoped)
  )

  it.live("from elsewhere keep their stamp, and what is said afterwards is later than they are", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.gen(function* () {
        const log = yield* EventLog
        const stamp = { workspace: "home", origin: "ins_00000000000000000009", seq: 7, clock: "0fff000000000003" }
        const foreign = { id: `evt_${"1".repeat(26)}`, at: 5, body: status, stamp }
        yield* log.importAll([foreign])
        assert.deepStrictEqual(yield* log.importAll([foreign]), [])
        const [said] = yield* log.share("home", [status])
        assert.isAbove(said!.stamp!.clock.localeCompare(stamp.clock), 0)
        assert.strictEqual(said!.stamp!.seq, 1)
        assert.deepInclude((yield* log.read({ after: 0, limit: 1 })).events[0], foreign)
      }).pipe(Effect.provide(store(directory)))
      // The clock is known again after a restart.
      const [later] = yield* Effect.flatMap(EventLog, (log) => log.share("home", [status])).pipe(
        Effect.provide(store(directory))
      )
      assert.isAbove(later!.stamp!.clock.localeCompare("0fff000000000004"), 0)
    }).pipe(Effect.scoped)
  )
})
