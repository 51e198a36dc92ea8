/**
 * Hybrid logical clocks (Kulkarni et al., 2014) as text: 12 hexadecimal digits of milliseconds and 4 of a counter.
 *
 * Each reading is larger than everything read or seen before, whatever the wall clock does meanwhile, so an answer never sorts
 * before what it answers.
 */

const TIME_DIGITS = 12
const COUNT_DIGITS = 4
const MAX_COUNT = 0xffff

/** Before every reading. */
export const EPOCH = "0".repeat(TIME_DIGITS + COUNT_DIGITS)

const format = (ms: number, count: number): string =>
  ms.toString(16).padStart(TIME_DIGITS, "0") + count.toString(16).padStart(COUNT_DIGITS, "0")

/** The reading after `last`, the wall clock showing `now` in milliseconds. */
export const nextReading = (last: string, now: number): string => {
  const wall = format(Math.max(0, Math.trunc(now)), 0)
  if (wall > last) return wall
  const ms = Number.parseInt(last.slice(0, TIME_DIGITS), 16)
  const count = Number.parseInt(last.slice(TIME_DIGITS), 16)
  return count < MAX_COUNT ? format(ms, count + 1) : format(ms + 1, 0)
}
