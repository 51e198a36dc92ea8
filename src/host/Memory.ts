/**
 * Memory that is free but still counted to this process, given back to the system.
 */
import { Context, Effect, Layer } from "effect"
import { libc } from "./Libc.ts"

export class Memory extends Context.Service<
  Memory,
  {
    /**
     * Collects garbage thoroughly and returns what malloc(3) keeps. Stops the event loop for about 30 ms: for when starting is
     * over. Compiling the program takes 14 MB that nothing uses afterwards, and V8 by itself would never look again while
     * nothing happens.
     */
    readonly giveBack: Effect.Effect<void>
  }
>()("agentd/host/Memory") {
  static readonly layer = Layer.succeed(Memory, {
    giveBack: Effect.sync(() => {
      // There only with --expose-gc, which `bin/agentd` gives. The last resort also drops code that has run for the last time.
      globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" })
      libc().malloc_trim?.(0n)
    })
  })
}
