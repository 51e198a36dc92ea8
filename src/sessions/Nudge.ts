/**
 * Types a line into a session whose program is idle, and never into one where somebody is typing.
 */
import { Clock, Effect } from "effect"
import type { LiveSession } from "./running/LiveSession.ts"

/** Milliseconds without output after which a program waits for input: a busy one redraws its screen several times a second. */
const IDLE_MS = 2_000
/** Milliseconds since the last key: somebody who thinks about the next word is still typing. */
const QUIET_MS = 10_000
/** Milliseconds between the line and Enter: programs take what comes at once for something pasted, Enter included. */
const ENTER_MS = 50
/** Milliseconds after which nobody is nudged any more; the message is in the inbox all the same. */
const GIVE_UP_MS = 60_000
/** Milliseconds between two looks at a line that somebody has begun. */
const LOOK_MS = 1_000

/** What somebody, and the program, did last. */
interface Activity {
  /** Time of the last input and of the last output. */
  readonly typedAt: number
  readonly activeAt: number
  /** Something was typed and not sent off with Enter. */
  readonly begun: boolean
}

/** Milliseconds to wait before it may be typed; 0: now. */
export const waitToNudge = ({ activeAt, begun, typedAt }: Activity, now: number): number => {
  if (begun) return LOOK_MS
  return Math.max(0, typedAt + QUIET_MS - now, activeAt + IDLE_MS - now)
}

/** Waits for the moment, types, and says whether it did. `text` is one line of printable ASCII. */
export const nudge = Effect.fn("Sessions.nudge")(function* (live: LiveSession, text: string) {
  const end = (yield* Clock.currentTimeMillis) + GIVE_UP_MS
  for (;;) {
    const now = yield* Clock.currentTimeMillis
    if (live.exit !== null || now >= end) return false
    const { begun, typedAt } = live.input
    const wait = waitToNudge({ activeAt: live.activeAt, begun, typedAt }, now)
    if (wait === 0) break
    yield* Effect.sleep(Math.min(wait, end - now))
  }
  live.input.write(Buffer.from(text))
  yield* Effect.sleep(ENTER_MS)
  // A keyboard's Enter is a carriage return.
  live.input.write(Buffer.from("\r"))
  return true
})
