/** When backups are due and which are kept, by the days of the calendar and not by hours. */
import { DateTime } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Every, isDue, periodsOf, slotsAround } from "../../src/backup/Calendar.ts"
import { planRemoval, planRemovals } from "../../src/backup/Keep.ts"

const zoneOf = (name: string) => DateTime.zoneMakeNamedUnsafe(name)
const berlin = zoneOf("Europe/Berlin")
const utc = (text: string) => Date.parse(`${text}Z`)
const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16)

/** With clock changes by an hour, by half of one, at midnight, and none; one that once skipped a whole day. */
const zones = fc
  .constantFrom(
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kathmandu",
    "Pacific/Apia"
  )
  .map(zoneOf)
const moments = fc.integer({ min: utc("2011-01-01T00:00"), max: utc("2030-01-01T00:00") })
const schedules = fc.record({
  every: fc.constantFrom<Every>("hourly", "daily", "weekly"),
  at: fc.tuple(fc.nat(23), fc.nat(59)).map((parts) => parts.map((part) => String(part).padStart(2, "0")).join(":")),
  zone: zones
})

describe("the moments of a schedule", () => {
  it("are at the same time of the local day in summer and in winter", () => {
    const daily = { every: "daily", at: "03:00", zone: berlin } as const
    expect(iso(slotsAround(daily, utc("2026-01-15T12:00")).last)).toBe("2026-01-15T02:00")
    expect(iso(slotsAround(daily, utc("2026-07-15T12:00")).last)).toBe("2026-07-15T01:00")
    expect(iso(slotsAround(daily, utc("2026-07-15T00:59")).last)).toBe("2026-07-14T01:00")
    const weekly = { ...daily, every: "weekly" } as const
    // 2026-11-16 is a Monday.
    expect(iso(slotsAround(weekly, utc("2026-11-21T12:00")).last)).toBe("2026-11-16T02:00")
    expect(iso(slotsAround(weekly, utc("2026-11-21T12:00")).next)).toBe("2026-11-23T02:00")
  })

  it("come once on the day that the hour is missing and on the day that it comes twice", () => {
    const night = { every: "daily", at: "02:30", zone: berlin } as const
    const during = (from: string, to: string) => {
      const found = new Set<string>()
      for (let now = utc(from); now < utc(to); now += 600_000) found.add(iso(slotsAround(night, now).last))
      return [...found]
    }
    expect(during("2026-03-28T02:00", "2026-03-30T02:00")).toEqual([
      "2026-03-28T01:30",
      "2026-03-29T01:30",
      "2026-03-30T00:30"
    ])
    expect(during("2026-10-24T02:00", "2026-10-26T02:00")).toEqual([
      "2026-10-24T00:30",
      "2026-10-25T00:30",
      "2026-10-26T01:30"
    ])
  })

  it("lie around any moment, without another one in between", () => {
    fc.assert(
      fc.property(schedules, moments, (slots, now) => {
        const { last, next } = slotsAround(slots, now)
        expect(last <= now && now < next).toBe(true)
        expect(slotsAround(slots, last).last).toBe(last)
        expect(slotsAround(slots, next - 1)).toEqual({ last, next })
      })
    )
  })

  it("however many were missed are made up by one, and none is due again before the next", () => {
    fc.assert(
      fc.property(schedules, moments, fc.nat(400 * 86_400_000), (slots, made, away) => {
        const now = made + away
        const due = isDue(slots, made, now)
        expect(due).toBe(slotsAround(slots, made).next <= now)
        if (due) expect(isDue(slots, now, slotsAround(slots, now).next - 1)).toBe(false)
      })
    )
    expect(isDue({ every: "daily", at: "03:00", zone: berlin }, null, 0)).toBe(true)
  })

  it("do not wait for a clock that was put back to come to where the last one was made", () => {
    const daily = { every: "daily", at: "03:00", zone: berlin } as const
    expect(isDue(daily, utc("2027-01-01T00:00"), utc("2026-01-01T12:00"))).toBe(true)
  })
})

describe("what is kept", () => {
  const keeps = fc.record({
    last: fc.integer({ min: 1, max: 5 }),
    daily: fc.nat(8),
    weekly: fc.nat(5),
    monthly: fc.nat(13)
  })
  const histories = fc
    .uniqueArray(moments, { minLength: 1, maxLength: 60 })
    .map((times) => times.map((at, n) => ({ id: `bak_${String(n).padStart(3, "0")}`, at })))

  it("is the newest of each of the last days, weeks and months that have any", () => {
    const made = (text: string) => ({ id: text, at: utc(text) })
    const backups = [
      made("2026-09-30T20:00"),
      made("2026-10-01T20:00"),
      made("2026-11-20T22:30"),
      // Half past midnight of the 21st in Berlin.
      made("2026-11-20T23:30"),
      made("2026-11-21T20:00")
    ]
    const keep = { last: 1, daily: 2, weekly: 0, monthly: 3 }
    expect(planRemoval(backups, keep, berlin, "2026-11-21T20:00")).toEqual(["2026-11-20T23:30"])
    expect(planRemoval(backups, keep, zoneOf("UTC"), "2026-11-21T20:00")).toEqual(["2026-11-20T22:30"])
    expect(planRemoval(backups, { ...keep, monthly: 1 }, berlin, "2026-11-21T20:00")).toEqual([
      "2026-11-20T23:30",
      "2026-10-01T20:00",
      "2026-09-30T20:00"
    ])
  })

  it("holds the newest, the one just made, and of each period at least as many as there are to be", () => {
    fc.assert(
      fc.property(histories, keeps, zones, fc.nat(59), (backups, keep, zone, which) => {
        const just = backups[which % backups.length]!.id
        const removed = new Set(planRemoval(backups, keep, zone, just))
        const kept = backups.filter(({ id }) => !removed.has(id))
        const newest = [...backups].sort((a, b) => b.at - a.at)
        for (const { id } of newest.slice(0, keep.last)) expect(removed.has(id)).toBe(false)
        expect(removed.has(just)).toBe(false)
        for (const [period, count] of [
          ["day", keep.daily],
          ["week", keep.weekly],
          ["month", keep.monthly]
        ] as const) {
          const of = (some: typeof backups) => new Set(some.map(({ at }) => periodsOf(at, zone)[period]))
          expect(of(kept).size).toBeGreaterThanOrEqual(Math.min(count, of(backups).size))
        }
        expect(kept.length).toBeLessThanOrEqual(keep.last + keep.daily + keep.weekly + keep.monthly + 1)
      })
    )
  })

  it("loses nothing to what restores have saved, of which the last are kept", () => {
    const reasons = fc.array(fc.constantFrom("request", "schedule", "restore"), { minLength: 60, maxLength: 60 })
    fc.assert(
      fc.property(histories, reasons, keeps, zones, (history, why, keep, zone) => {
        const backups = history.map((one, n) => ({ ...one, reason: why[n]! }))
        const made = backups.filter(({ reason }) => reason !== "restore")
        const saved = backups.filter(({ reason }) => reason === "restore").toSorted((a, b) => b.at - a.at)
        const gone = saved.slice(keep.last).map(({ id }) => id)
        expect(planRemovals(backups, keep, zone, "none")).toEqual([...planRemoval(made, keep, zone, "none"), ...gone])
      })
    )
  })

  it("does not change by removing what is to go, nor by asking again", () => {
    fc.assert(
      fc.property(histories, keeps, zones, (backups, keep, zone) => {
        const just = [...backups].sort((a, b) => b.at - a.at)[0]!.id
        const removed = new Set(planRemoval(backups, keep, zone, just))
        expect(
          planRemoval(
            backups.filter(({ id }) => !removed.has(id)),
            keep,
            zone,
            just
          )
        ).toEqual([])
      })
    )
  })
})
