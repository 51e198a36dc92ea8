/**
 * Local days, weeks and months, and the moments of a schedule in them: pure, with the time zone as a parameter.
 *
 * A day is what the calendar says and not 24 hours, so clock changes need no rule of their own: a time of day that is skipped in
 * spring becomes the moment after, and one that comes twice in autumn means the first.
 */
import { DateTime } from "effect"

export type Every = "hourly" | "daily" | "weekly"

export interface Slots {
  readonly every: Every
  /** "HH:MM" */
  readonly at: string
  readonly zone: DateTime.TimeZone
}

interface Day {
  readonly year: number
  readonly month: number
  readonly day: number
}

const DAY_MS = 86_400_000
const WEEK_DAYS = 7

const partsAt = (ms: number, zone: DateTime.TimeZone) =>
  DateTime.toParts(DateTime.setZone(DateTime.makeUnsafe(ms), zone))

/** Arithmetic on dates alone happens at noon UTC, where no clock is ever changed. */
const noon = ({ day, month, year }: Day): number => Date.UTC(year, month - 1, day, 12)
const fromNoon = (ms: number): Day => {
  const date = new Date(ms)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
}
const plusDays = (day: Day, days: number): Day => fromNoon(noon(day) + days * DAY_MS)
/** 0 is Monday. */
const weekDay = (day: Day): number => (new Date(noon(day)).getUTCDay() + 6) % WEEK_DAYS

const two = (value: number): string => String(value).padStart(2, "0")
const dayName = ({ day, month, year }: Day): string => `${year}-${two(month)}-${two(day)}`

/** Names of the local day, the week (by its Monday) and the month that a moment lies in. */
export const periodsOf = (ms: number, zone: DateTime.TimeZone) => {
  const day = partsAt(ms, zone)
  return {
    day: dayName(day),
    week: dayName(plusDays(day, -weekDay(day))),
    month: `${day.year}-${two(day.month)}`
  }
}

const momentOf = (day: Day, at: string, zone: DateTime.TimeZone): number => {
  const [hour, minute] = at.split(":").map(Number) as [number, number]
  const parts = { year: day.year, month: day.month, day: day.day, hour, minute, second: 0, millisecond: 0 }
  const options = { timeZone: zone, adjustForTimeZone: true, disambiguation: "compatible" } as const
  return DateTime.toEpochMillis(DateTime.makeZonedUnsafe(parts, options))
}

/** The last moment of the schedule that is not after `now`, and the first one after it. */
export const slotsAround = (
  { at, every, zone }: Slots,
  now: number
): { readonly last: number; readonly next: number } => {
  const today = partsAt(now, zone)
  if (every === "hourly") {
    const last = now - (today.minute * 60 + today.second) * 1_000 - today.millisecond
    return { last, next: last + 3_600_000 }
  }
  const step = every === "daily" ? 1 : WEEK_DAYS
  const day = every === "daily" ? today : plusDays(today, -weekDay(today))
  const here = momentOf(day, at, zone)
  return here <= now
    ? { last: here, next: momentOf(plusDays(day, step), at, zone) }
    : { last: momentOf(plusDays(day, -step), at, zone), next: here }
}

/** Whether a backup is due. One "made" later than now was made before the clock was put back, and says nothing. */
export const isDue = (slots: Slots, made: number | null, now: number): boolean =>
  made === null || made > now || made < slotsAround(slots, now).last
