/** Events of the future: somebody has stepped the clock back, and what comes now is recorded as older than what was. */
import { Clock, Effect } from "effect"
import type { Finding } from "../../contract/Daemon.ts"
import { ok, warning } from "../../contract/Findings.ts"
import { EventLog } from "../../store/EventLog.ts"

/** Milliseconds that a clock may be corrected without anybody noticing. */
const SLEW_MS = 5_000

/** Events looked at, from the newest back. */
const TAIL = 200

export const judgeClock = (newest: number, now: number): Finding =>
  newest - now <= SLEW_MS
    ? ok("clock", "No event is from the future.")
    : warning(
        "clock",
        `An event is ${Math.round((newest - now) / 1000)} s in the future, so the clock was stepped back: the order of events holds, ages and "keep_for" are off by that much.`,
        "date; sudo timedatectl set-ntp true"
      )

export const clock = Effect.gen(function* () {
  const log = yield* EventLog
  const last = yield* log.last
  const { events } = yield* log.read({ after: Math.max(0, last - TAIL), limit: TAIL })
  return judgeClock(Math.max(0, ...events.map(({ at }) => at)), yield* Clock.currentTimeMillis)
}).pipe(Effect.orElseSucceed(() => ok("clock", "The event log could not be read for it.")))
