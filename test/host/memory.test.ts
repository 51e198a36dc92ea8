import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Memory, worthGivingBack } from "../../src/host/self/Memory.ts"

const MB = 1024 * 1024

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
})
