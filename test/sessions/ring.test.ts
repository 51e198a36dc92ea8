import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Ring } from "../../src/sessions/running/Ring.ts"

/** A byte that its offset tells: a shift by any number of bytes shows. */
const byteAt = (offset: number) => (offset * 31 + (offset >> 8) * 7) & 0xff
const bytes = (from: number, length: number) => Buffer.from(Array.from({ length }, (_, n) => byteAt(from + n)))

describe("the ring", () => {
  it("keeps the newest bytes by offset, whatever chunks they come in", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.nat(1_000_000),
        fc.array(fc.oneof(fc.nat(64), fc.nat(5_000), fc.nat(50_000)), { maxLength: 20 }),
        fc.array(fc.tuple(fc.integer({ min: -10, max: 25_000 }), fc.nat(30_000)), { maxLength: 10 }),
        (limit, first, chunks, reads) => {
          const ring = new Ring(limit, first)
          let end = first
          for (const length of chunks) {
            const chunk = bytes(end, length)
            ring.push(chunk)
            // What was handed in may be used for something else at once.
            chunk.fill(0)
            end += length
            const kept = end - ring.start
            expect(ring.end).toBe(end)
            expect(ring.start).toBeGreaterThanOrEqual(first)
            expect(kept).toBeLessThanOrEqual(limit)
            // No byte goes before there is need.
            expect(kept).toBe(Math.min(limit, end - first))
            expect(ring.size).toBeLessThanOrEqual(limit)
          }
          expect(ring.read(ring.start, limit).equals(bytes(ring.start, end - ring.start))).toBe(true)
          for (const [back, length] of reads) {
            const from = end - back
            const expected =
              from < ring.start || from >= end ? Buffer.alloc(0) : bytes(from, Math.min(length, end - from))
            expect(ring.read(from, length).equals(expected)).toBe(true)
          }
        }
      )
    )
  })

  it("is small while little has been printed", () => {
    const ring = new Ring(1024 * 1024)
    ring.push(Buffer.alloc(100))
    expect(ring.size).toBeLessThanOrEqual(4096)
  })

  it("hands out copies", () => {
    const ring = new Ring(4)
    ring.push(Buffer.from("abcd"))
    const read = ring.read(0, 4)
    ring.push(Buffer.from("efgh"))
    expect(read.toString()).toBe("abcd")
  })
})
