/** Limits as people write them. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { askedLimits, describeLimits, memory, percent } from "../../src/cli/starting/Limits.ts"

const UNITS = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 } as const

describe("a size of memory", () => {
  it("is a number and a unit of 1024, however it is spelled", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 9_999 }),
        fc.constantFrom("K", "M", "G", "T"),
        fc.constantFrom("", "i", "iB"),
        fc.boolean(),
        async (number, unit, suffix, lower) => {
          const text = `${number}${unit}${suffix}`
          expect(await memory(lower ? text.toLowerCase() : text)).toBe(number * UNITS[unit as "K"])
        }
      )
    )
    expect(await memory("1.5G")).toBe(1.5 * 1024 ** 3)
    expect(await memory("4096B")).toBe(4096)
    expect(await memory("none")).toBeNull()
  })

  it("is never guessed at", async () => {
    for (const text of ["", "2", "2GB", "G", "-1G", "1e9B", "2 G", "NaN", "Infinity", "0x10M", "2G2", "1.G", "none "]) {
      await expect(memory(text), text).rejects.toThrow("powers of 1024")
    }
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        const value = await memory(text).catch(() => "refused")
        expect(value === "refused" || value === null || (Number.isSafeInteger(value) && Number(value) >= 0)).toBe(true)
      })
    )
  })
})

describe("a share of processors", () => {
  it("is a percentage of one", async () => {
    expect(await percent("150%")).toBe(150)
    expect(await percent("none")).toBeNull()
    for (const text of ["", "150", "1.5", "-5%", "5%%", "%", "12345678%"]) {
      await expect(percent(text), text).rejects.toThrow("write 50% for half of one")
    }
  })
})

it("asks for what was said and for nothing else", () => {
  expect(askedLimits({})).toEqual({})
  expect(askedLimits({ memory: 5, timeout: null, nice: 0 })).toEqual({
    limits: { memoryBytes: 5, timeoutMs: null, nice: 0 }
  })
})

it("shows all of a session's limits on a line", () => {
  expect(describeLimits({})).toBe("-")
  const limits = { memoryBytes: 2 * 1024 ** 3, cpuPercent: 150, tasks: 512, timeoutMs: 90_000, nice: 5, ioWeight: 50 }
  expect(describeLimits(limits)).toBe("memory 2.0 GiB, cpu 150%, 512 tasks, timeout 90 s, nice 5, io weight 50")
})
