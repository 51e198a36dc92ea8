/**
 * Which limits a session gets: those it asks for, else those configured; a key the administrator has locked bounds what it may ask.
 *
 * Otherwise a lock would be none: whoever may start a session may also say that it has no limit.
 */
import { Effect } from "effect"
import { Settings } from "../../config/Settings.ts"
import type { Configuration, Key } from "../../contract/config/Config.ts"
import { formatDuration, formatSize } from "../../contract/config/Setting.ts"
import { NotAllowed } from "../../contract/errors/Errors.ts"
import type { AskedLimits, LimitName, SessionLimits } from "../../contract/session/SessionLimits.ts"

type Limits = Configuration["limits"]

interface Rule {
  readonly name: LimitName
  readonly key: keyof Limits
  /** Does the first hold a session at least as tightly as the second? */
  readonly tighter: (one: number, other: number) => boolean
  readonly show: (value: number) => string
}

const less = (one: number, other: number) => one <= other

const rules: ReadonlyArray<Rule> = [
  { name: "memoryBytes", key: "memory", tighter: less, show: formatSize },
  { name: "cpuPercent", key: "cpu_percent", tighter: less, show: (value) => `${value} %` },
  { name: "tasks", key: "tasks", tighter: less, show: String },
  { name: "timeoutMs", key: "timeout", tighter: less, show: formatDuration },
  { name: "nice", key: "nice", tighter: (one, other) => one >= other, show: String },
  { name: "ioWeight", key: "io_weight", tighter: less, show: String }
]

/** A limit that was asked for and is looser than the locked one. */
export interface TooLoose {
  readonly key: Key
  readonly bound: string
}

/** `clamp`: what is too loose is tightened to what is locked, and not refused: for a session that is started again as it was. */
export const decideLimits = (
  asked: AskedLimits,
  configured: Limits,
  locked: ReadonlySet<Key>,
  clamp: boolean
): { readonly limits: SessionLimits; readonly tooLoose: ReadonlyArray<TooLoose> } => {
  const limits: { -readonly [N in LimitName]?: number } = {}
  const tooLoose: Array<TooLoose> = []
  for (const { key, name, show, tighter } of rules) {
    const wanted = asked[name]
    const standard = configured[key]
    const bound = locked.has(`limits.${key}`) ? standard : null
    const loose = bound !== null && wanted !== undefined && (wanted === null || !tighter(wanted, bound))
    if (loose && !clamp) tooLoose.push({ key: `limits.${key}`, bound: show(bound) })
    const value = loose || wanted === undefined ? standard : wanted
    if (value !== null) limits[name] = value
  }
  return { limits, tooLoose }
}

export const limitsFor = Effect.fnUntraced(function* (asked: AskedLimits, clamp: boolean) {
  const settings = yield* Settings
  const places = yield* settings.locked
  const { limits, tooLoose } = decideLimits(asked, (yield* settings.current).limits, new Set(places.keys()), clamp)
  const [first] = tooLoose
  if (first === undefined) return limits
  return yield* new NotAllowed({
    reason: `${first.key} is locked at ${first.bound} by ${places.get(first.key)}; a session may have less of it, not more. Ask for that, or leave it out.`
  })
})
