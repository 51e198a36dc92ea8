/**
 * Time as it passes, whatever the wall clock is set to meanwhile: for everything that waits.
 */
import { Clock, Effect } from "effect"

/** Milliseconds since some moment. */
export const passing: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, (nanos) =>
  Number(nanos / 1_000_000n)
)
