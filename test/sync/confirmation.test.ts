/** What installations say they have: ranges, the file that says so, and when it is written. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  ALONE_MS,
  confirmationOrigin,
  confirmationPath,
  encodeConfirmation,
  encodeHave,
  isDue,
  judgeConfirmation,
  MAX_CONFIRMATION_BYTES,
  parseConfirmation
} from "../../src/sync/Confirmation.ts"
import { formatRanges, gapsOf, parseRanges, type Ranges, rangesOf, upTo } from "../../src/sync/Ranges.ts"

const someNumbers = fc.uniqueArray(fc.integer({ min: 1, max: 80 }))
const ofNumbers = (numbers: ReadonlyArray<number>) => rangesOf(numbers.map((n) => [n, n] as const))
const within = (ranges: Ranges, most: number) =>
  Array.from({ length: most }, (_, index) => index + 1).filter((n) =>
    ranges.some(([first, last]) => first <= n && n <= last)
  )
const name = (n: number) => `ins_${n.toString(16).toUpperCase().padStart(20, "0")}`

describe("ranges", () => {
  it("hold the numbers they are made of, in whatever order and parts, and their gaps all others", () => {
    fc.assert(
      fc.property(someNumbers, someNumbers, fc.integer({ min: 0, max: 90 }), (some, more, most) => {
        const ranges = rangesOf([...ofNumbers(some), ...ofNumbers(more)])
        const all = [...new Set([...some, ...more])].toSorted((a, b) => a - b)
        expect(within(ranges, 100)).toEqual(all)
        expect(within(gapsOf(ranges), 100)).toEqual(within([[1, 100]], 100).filter((n) => !all.includes(n)))
        expect(within(upTo(ranges, most), 100)).toEqual(all.filter((n) => n <= most))
        expect(parseRanges(formatRanges(ranges))).toEqual(ranges)
      })
    )
  })

  it("are written in one way only, and anything else is none", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9,-]{0,12}$/), (text) => {
        const ranges = parseRanges(text)
        if (ranges !== null) expect(formatRanges(rangesOf(ranges))).toBe(text)
      })
    )
    for (const text of ["0", "2-1", "1-1", "1,2", "3,1", "1-4,3-6", "-1", "1-", "1,,3", "01", "1e3", "9".repeat(16)]) {
      expect(parseRanges(text), text).toBeNull()
    }
  })
})

describe("the file", () => {
  const someHave = fc
    .dictionary(fc.integer({ min: 0, max: 999 }).map(name), someNumbers, { maxKeys: 5 })
    .map((some) => new Map(Object.entries(some).map(([origin, numbers]) => [origin, ofNumbers(numbers)])))

  it("is read as it was written, and not with any byte changed, added or missing", () => {
    fc.assert(
      fc.property(someHave, fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 2 }), (have, at, index, other) => {
        const said = { origin: name(7), at, have: encodeHave(have) }
        const bytes = Buffer.from(encodeConfirmation(said))
        expect(parseConfirmation(bytes)).toEqual(said)
        const place = index % bytes.length
        const changed = Buffer.concat([bytes.subarray(0, place), other, bytes.subarray(place + 1)])
        fc.pre(!changed.equals(bytes))
        expect(parseConfirmation(changed)).toBeNull()
      })
    )
    fc.assert(fc.property(fc.uint8Array(), (bytes) => parseConfirmation(bytes) === null))
  })

  it("is never larger than one that is read, and says less rather than more", () => {
    const gaps = ofNumbers(Array.from({ length: 5_000 }, (_, index) => 10 ** 14 + index * 2))
    for (const count of [1, 2, 30, 1_000]) {
      const have = encodeHave(new Map(Array.from({ length: count }, (_, index) => [name(index), gaps] as const)))
      const bytes = encodeConfirmation({ origin: name(1), at: 10 ** 14, have })
      expect(bytes.length).toBeLessThanOrEqual(MAX_CONFIRMATION_BYTES)
      const heard = judgeConfirmation(name(1), bytes, { origin: name(0), given: 10 ** 15 - 1, now: 1 })
      if (heard.do !== "take") throw new Error(heard.reason)
      expect(heard.has!.length).toBeGreaterThan(0)
      expect(gaps.slice(-heard.has!.length)).toEqual(heard.has)
      // One that names as many as may be does not say that it has nothing of the others.
      const rest = judgeConfirmation(name(1), bytes, { origin: name(2_000), given: 9, now: 1 })
      expect(rest).toMatchObject({ do: "take", has: count === 1_000 ? null : [] })
    }
  })

  it("lies where only its author's does", () => {
    expect(confirmationOrigin(confirmationPath(name(1)))).toBe(name(1))
    for (const path of ["confirmed/v1/x.json", `confirmed/v1/${name(1)}`, `confirmed/v2/${name(1)}.json`]) {
      expect(confirmationOrigin(path)).toBeNull()
    }
  })

  it("counts for events that there are, and from no later than now", () => {
    const bytes = encodeConfirmation({ origin: name(1), at: 500, have: JSON.stringify({ [name(0)]: "1-4,7-9" }) })
    const here = { origin: name(0), given: 8, now: 100 }
    expect(judgeConfirmation(name(1), bytes, here)).toEqual({
      do: "take",
      at: 100,
      has: [
        [1, 4],
        [7, 8]
      ],
      excess: true
    })
    expect(judgeConfirmation(name(1), bytes, { ...here, given: 9 })).toMatchObject({ excess: false })
    expect(judgeConfirmation(name(2), bytes, here)).toMatchObject({ do: "quarantine" })
  })
})

describe("it is said", () => {
  const said = { have: "b", there: "a", put: "a", put_at: 0, tries: 1 }

  it("with events at once, alone no sooner than it may, and never again as it is", () => {
    expect(isDue({ ...said, there: "b" }, 10 ** 9, false)).toBe(false)
    expect(isDue(said, 1, false)).toBe(true)
    expect(isDue(said, ALONE_MS - 1, true)).toBe(false)
    expect(isDue(said, ALONE_MS, true)).toBe(true)
    // A clock that went back by a year.
    expect(isDue({ ...said, put_at: 10 ** 12 }, 1, true)).toBe(true)
  })

  it("the same alone later and later, and at last no more", () => {
    const times = []
    for (let tries = 1, put_at = 0, now = 0; now < 10 ** 9; now += ALONE_MS) {
      if (!isDue({ ...said, put: "b", put_at, tries }, now, true)) continue
      times.push(now / ALONE_MS)
      tries += 1
      put_at = now
    }
    expect(times).toEqual([2, 6, 14, 30, 62, 126, 254])
  })
})
