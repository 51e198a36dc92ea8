/**
 * Memory that is free but still counted to this process, given back to the system while nothing happens.
 */
import { Context, Effect, Layer } from "effect"
import { libc } from "../Libc.ts"
import { optimiseSoon } from "./Optimiser.ts"

/** Milliseconds after which starting is over, and whoever started us has had an answer. */
const SETTLED_MS = 1_000

/** Milliseconds between two looks at what the process takes. */
const LOOK_MS = 10_000

/** Bytes by which it must have grown to be worth a pause. */
const WORTH_BYTES = 16 * 1024 * 1024

/** Share of one processor above which it is busy: a pause would be felt, and what is hot is worth optimising. */
const BUSY = 0.05

/** `grown`: bytes since the last time. `busy`: share of one processor since the last look. */
export const worthGivingBack = (grown: number, busy: number): boolean => grown > WORTH_BYTES && busy < BUSY

export class Memory extends Context.Service<
  Memory,
  {
    /**
     * Once the start is over, and then whenever a busy time has passed: collects garbage thoroughly and returns what malloc(3)
     * keeps. That stops the event loop for about 30 ms. Compiling the program leaves 14 MB behind, archiving a long session
     * 150, and V8 by itself never looks again while nothing happens.
     */
    readonly keepSmall: Effect.Effect<never>
  }
>()("agentd/host/Memory") {
  static readonly layer = Layer.succeed(Memory, {
    keepSmall: Effect.gen(function* () {
      yield* Effect.sleep(SETTLED_MS)
      let taken = giveBack()
      for (;;) {
        const before = process.cpuUsage()
        yield* Effect.sleep(LOOK_MS)
        const { system, user } = process.cpuUsage(before)
        const busy = (system + user) / 1000 / LOOK_MS
        // Work that nobody is attached for and no message was sent for: many requests, an exchange.
        if (busy > BUSY) optimiseSoon()
        if (worthGivingBack(process.memoryUsage.rss() - taken, busy)) taken = giveBack()
      }
    })
  })
}

/** Returns the bytes still taken afterwards. */
const giveBack = (): number => {
  // There only with --expose-gc, which `bin/agentd` gives. The last resort also drops code that has run for the last time.
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" })
  libc().malloc_trim?.(0n)
  return process.memoryUsage.rss()
}
