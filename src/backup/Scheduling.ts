/**
 * Makes backups by the schedule. It looks at the clock on the wall once a minute instead of sleeping until the next one: a timer stands
 * still while the machine sleeps, and knows nothing of clocks that are changed.
 */
import { Clock, Effect, Exit, Layer } from "effect"
import { BackupStore } from "./BackupStore.ts"
import { Backups } from "./Backups.ts"
import { isDue } from "./Calendar.ts"

const LOOK_MS = 60_000

/** Milliseconds until a failed one is tried again: doubles from the first to the second. */
const RETRY_FIRST_MS = 15 * 60_000
const RETRY_LAST_MS = 4 * 60 * 60_000

/** For ever, in the background. However many were missed, one is made. */
export const scheduling = Effect.gen(function* () {
  const { make, slots } = yield* Backups
  const store = yield* BackupStore
  let retryMs = RETRY_FIRST_MS
  for (;;) {
    yield* Effect.sleep(LOOK_MS)
    const schedule = yield* slots
    if (schedule === null) continue
    const last = yield* Effect.exit(store.last)
    if (Exit.isFailure(last)) continue
    if (!isDue(schedule, last.value.made?.at ?? null, yield* Clock.currentTimeMillis)) continue
    // It logs and records its failure itself.
    if (Exit.isSuccess(yield* Effect.exit(make("schedule")))) retryMs = RETRY_FIRST_MS
    else {
      yield* Effect.sleep(retryMs)
      retryMs = Math.min(retryMs * 2, RETRY_LAST_MS)
    }
  }
})

export const layer = Layer.effectDiscard(Effect.forkScoped(scheduling))
