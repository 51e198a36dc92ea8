import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { planRetention } from "../../src/sessions/transcript/Retention.ts"

const limits = { maxAgeMs: 1000, maxBytes: 100 }
const session = (id: string, endedAt: number, bytes = 1) => ({ id, endedAt, bytes })

describe("retention", () => {
  it("removes what is too old, oldest first", () => {
    expect(planRetention([session("c", 9_500), session("b", 5_000), session("a", 1_000)], 10_000, limits)).toEqual([
      "a",
      "b"
    ])
  })

  it("removes the oldest until the rest fits", () => {
    const sessions = [session("new", 9_900, 60), session("old", 9_100, 30), session("middle", 9_500, 50)]
    expect(planRetention(sessions, 10_000, limits)).toEqual(["old", "middle"])
  })

  it("keeps everything that is neither", () => {
    expect(planRetention([session("a", 9_000, 50), session("b", 9_500, 50)], 10_000, limits)).toEqual([])
    expect(planRetention([], 10_000, limits)).toEqual([])
  })

  it("never removes a newer session and keeps an older one, and always ends within the limits", () => {
    const sessions = fc.array(fc.record({ id: fc.uuid(), endedAt: fc.nat(10_000), bytes: fc.nat(60) }), {
      maxLength: 20
    })
    fc.assert(
      fc.property(sessions, (ended) => {
        const removed = new Set(planRetention(ended, 10_000, limits))
        const kept = ended.filter(({ id }) => !removed.has(id))
        const gone = ended.filter(({ id }) => removed.has(id))
        expect(kept.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(limits.maxBytes)
        for (const { endedAt } of kept) {
          expect(10_000 - endedAt).toBeLessThanOrEqual(limits.maxAgeMs)
          for (const other of gone) expect(other.endedAt).toBeLessThanOrEqual(endedAt)
        }
      })
    )
  })
})
