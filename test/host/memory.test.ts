import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { vi } from "vitest"
import { Memory, worthGivingBack } from "../../src/host/self/Memory.ts"

import { optimiseSoon } from "../../src/host/self/Optimiser.ts"

const MB = 1024 * 1024

// It would change this process for all other tests.
vi.mock("../../src/host/self/Optimiser.ts", () => ({ optimiseSoon: vi.fn() }))

describe("memory is given back", () => {
  it("after a busy time, not during one, and not for little", () => {
    expect(worthGivingBack(100 * MB, 0)).toBe(true)
    expect(worthGivingBack(100 * MB, 0.5)).toBe(false)
    expect(worthGivingBack(MB, 0)).toBe(false)
    expect(worthGivingBack(-MB, 0)).toBe(false)
  })

  it.effect("once the start is over", () =>
    Effect.gen(function* () {
      const { gc } = globalThis
      let collected = 0
      globalThis.gc = Object.assign(() => Promise.resolve(void collected++), gc) as never
      const fiber = yield* Effect.forkChild((yield* Memory).keepSmall, { startImmediately: true })
      yield* TestClock.adjust(999)
      expect(collected).toBe(0)
      yield* TestClock.adjust(1)
      expect(collected).toBe(1)
      yield* Fiber.interrupt(fiber)
      globalThis.gc = gc
    }).pipe(Effect.provide(Memory.layer))
  )

  it.effect("and what is hot is optimised sooner after a busy look, not after a quiet one", () =>
    Effect.gen(function* () {
      let used = 0
      const usage = vi.spyOn(process, "cpuUsage").mockImplementation(() => ({ user: used, system: 0 }))
      const fiber = yield* Effect.forkChild((yield* Memory).keepSmall, { startImmediately: true })
      yield* TestClock.adjust(1_000)
      // Microseconds of ten seconds.
      used = 400_000
      yield* TestClock.adjust(10_000)
      expect(optimiseSoon).not.toHaveBeenCalled()
      used = 600_000
      yield* TestClock.adjust(10_000)
      expect(optimiseSoon).toHaveBeenCalledOnce()
      yield* Fiber.interrupt(fiber)
      usage.mockRestore()
    }).pipe(Effect.provide(Memory.layer))
  )
})
