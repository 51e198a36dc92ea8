import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { MAX_ULID_TIME, makeUlids, ulid, ulidTime } from "../../src/store/Ulid.ts"

const FORM = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

const times = fc.array(fc.integer({ min: 0, max: MAX_ULID_TIME - 1_000 }), { minLength: 1, maxLength: 50 })

describe("ULIDs", () => {
  it("match the specification's example", () => {
    // https://github.com/ulid/spec: 01ARZ3NDEKTSV4RRFFQ69G5FAV
    const random = 0xd6764c61efb99302bd5bn
    const made = makeUlids(() => random)(1_469_922_850_259)
    assert.strictEqual(made.slice(0, 10), "01ARZ3NDEK")
    assert.strictEqual(made, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
  })

  it("grow, whatever the clock does, and never repeat", () => {
    fc.assert(
      fc.property(times, (clock) => {
        const next = makeUlids()
        const made = clock.map(next)
        for (const id of made) assert.match(id, FORM)
        assert.deepStrictEqual(made, [...new Set(made)].sort())
      })
    )
  })

  it("carry their time, as long as the clock does not step back", () => {
    fc.assert(
      fc.property(times, (clock) => {
        const sorted = clock.toSorted((a, b) => a - b)
        assert.deepStrictEqual(sorted.map(makeUlids()).map(ulidTime), sorted)
      })
    )
  })

  it("borrow from the next millisecond when one is used up", () => {
    const next = makeUlids(() => 2n ** 80n - 1n)
    const made = [next(7), next(7), next(7)]
    assert.deepStrictEqual(made.map(ulidTime), [7, 8, 8])
    assert.deepStrictEqual(made, made.toSorted())
  })

  it.effect("take their time from the clock", () =>
    Effect.gen(function* () {
      const later = 4_102_444_800_000
      yield* TestClock.setTime(later)
      assert.strictEqual(ulidTime(yield* ulid), later)
    })
  )
})
