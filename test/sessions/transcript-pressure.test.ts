import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { Pressure } from "../../src/sessions/transcript/Pressure.ts"

const waterline = { high: 100, low: 20 }

describe("pressure of a transcript on the program", () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  const pressure = (holds: boolean) => {
    const told: Array<boolean> = []
    return { told, it: new Pressure(waterline, holds, (hold) => told.push(hold)) }
  }

  it("begins at the high mark and ends at the low one", () => {
    const { it, told } = pressure(false)
    for (const waiting of [99, 100, 150, 50, 20, 19, 99]) it.update(waiting, true)
    expect(told).toEqual([true, false])
  })

  it("is none for a disk that refuses writes, unless the program is to be held", () => {
    const dropping = pressure(false)
    dropping.it.update(1000, true)
    dropping.it.update(1000, false)
    expect(dropping.told).toEqual([true, false])
    const holding = pressure(true)
    holding.it.update(1000, false)
    vi.advanceTimersByTime(60_000)
    expect(holding.told).toEqual([true])
  })

  it("ends after two seconds in which a slow disk took nothing, until it takes something again", () => {
    const { it, told } = pressure(false)
    it.update(1000, true)
    vi.advanceTimersByTime(1900)
    it.progress()
    vi.advanceTimersByTime(1900)
    expect(told).toEqual([true])
    vi.advanceTimersByTime(200)
    expect(told).toEqual([true, false])
    it.update(1000, true)
    expect(told).toEqual([true, false])
    it.progress()
    it.update(1000, true)
    expect(told).toEqual([true, false, true])
  })
})
