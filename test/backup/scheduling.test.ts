/** The schedule on a clock of the test's: missed runs are made up for once, failed ones are tried again, later and later. */
import { it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { expect } from "vitest"
import { BackupStore, type LastRuns } from "../../src/backup/BackupStore.ts"
import { Backups } from "../../src/backup/Backups.ts"
import type { Every } from "../../src/backup/Calendar.ts"
import { scheduling } from "../../src/backup/Scheduling.ts"
import { BackupFailed } from "../../src/contract/errors/Errors.ts"

const HOUR = 3_600_000

/** The parts of the daemon that the schedule sees: what it asks for is written down instead of done. */
const begin = (options: { every?: Every | null; made?: number; fails?: () => boolean }) =>
  Effect.gen(function* () {
    const asked: Array<number> = []
    let made: LastRuns["made"] = options.made === undefined ? null : { at: options.made, backup: "", directory: "" }
    const make = () =>
      Effect.gen(function* () {
        const at = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        asked.push(at)
        if (options.fails?.() === true) return yield* new BackupFailed({ reason: "the disk is away" })
        made = { at, backup: "", directory: "" }
        return {} as never
      })
    const { every = "daily" } = options
    const slots = every === null ? null : { every, at: "03:00", zone: DateTime.zoneMakeNamedUnsafe("UTC") }
    yield* Effect.forkScoped(
      Effect.provide(
        scheduling,
        Layer.mergeAll(
          Layer.mock(Backups, { make, requests: {} as never, slots: Effect.succeed(slots) }),
          Layer.succeed(BackupStore, { last: Effect.sync(() => ({ made, failed: null })) })
        )
      ),
      { startImmediately: true }
    )
    return asked
  })

const hours = (asked: ReadonlyArray<number>) => asked.map((at) => Math.floor(at / HOUR))

it.effect("makes one at each of its moments, and none in between", () =>
  Effect.gen(function* () {
    const asked = yield* begin({ made: 0 })
    yield* TestClock.adjust("3 days")
    expect(hours(asked)).toEqual([3, 27, 51])
  })
)

it.effect("makes one soon where there is none", () =>
  Effect.gen(function* () {
    const asked = yield* begin({ every: "weekly" })
    yield* TestClock.adjust("2 minutes")
    expect(asked.length).toBe(1)
    yield* TestClock.adjust("1 day")
    expect(asked.length).toBe(1)
  })
)

it.effect("makes up for all that were missed with one", () =>
  Effect.gen(function* () {
    yield* TestClock.setTime(100 * 24 * HOUR + HOUR)
    const asked = yield* begin({ made: 0, every: "hourly" })
    yield* TestClock.adjust("30 minutes")
    expect(asked.length).toBe(1)
  })
)

it.effect("tries a failed one again, later and later, and goes on as before once it succeeds", () =>
  Effect.gen(function* () {
    let away = true
    const asked = yield* begin({ made: 0, fails: () => away })
    yield* TestClock.adjust("24 hours")
    const pauses = asked.slice(1).map((at, n) => Math.round((at - asked[n]!) / 60_000))
    expect(pauses.slice(0, 6)).toEqual([16, 31, 61, 121, 241, 241])
    away = false
    yield* TestClock.adjust("5 hours")
    const before = asked.length
    yield* TestClock.adjust("24 hours")
    expect(asked.length).toBe(before + 1)
  })
)

it.effect("does nothing where there is none", () =>
  Effect.gen(function* () {
    const asked = yield* begin({ every: null })
    yield* TestClock.adjust("30 days")
    expect(asked).toEqual([])
  })
)
