/**
 * Which changes of state become events: a program that changes its mind all day must not fill a log that is kept for ever.
 */

/** Milliseconds a state must have held, so that what lasts for a moment is no event. */
const HELD_MS = 300
/** Milliseconds between two events of a session; what changes in between is one change. */
const APART_MS = 1_000
/** Events a session may have in a row, and milliseconds until it may have one more: at the most 1,440 a day and these. */
const IN_A_ROW = 30
const ONE_MORE_MS = 60_000

export interface Budget {
  /** Events it may still have, as of `at`. */
  readonly left: number
  readonly at: number
  /** When the last one was recorded. */
  readonly last: number
}

export const fresh = (now: number): Budget => ({ left: IN_A_ROW, at: now, last: Number.NEGATIVE_INFINITY })

const refilled = ({ at, left, last }: Budget, now: number): Budget => ({
  left: Math.min(IN_A_ROW, left + Math.max(0, now - at) / ONE_MORE_MS),
  at: now,
  last
})

/** Milliseconds until a state that began at `since` is recorded; 0: now. */
export const untilRecorded = (budget: Budget, since: number, now: number): number => {
  const { last, left } = refilled(budget, now)
  const wait = left >= 1 ? 0 : (1 - left) * ONE_MORE_MS
  return Math.ceil(Math.max(0, since + HELD_MS - now, last + APART_MS - now, wait))
}

export const spent = (budget: Budget, now: number): Budget => {
  const { at, left } = refilled(budget, now)
  return { left: left - 1, at, last: now }
}
