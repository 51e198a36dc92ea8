/**
 * What an installation says it has of the others' events, so that they know how far it is: one small file of the branch for each
 * installation, which only that one writes.
 *
 *     confirmed/v1/<origin>.json      {"hash":…,"origin":"ins_0F3A…","at":…,"have":{"ins_77C0…":"1-60,62-70"}}
 *
 * It lies beside the events and not among them: versions that do not know it look at nothing but `v1/`, and pass over it silently.
 */
import { createHash } from "node:crypto"
import type { Until } from "./Judge.ts"
import { formatRanges, parseRanges, type Ranges, upTo } from "./Ranges.ts"

export const CONFIRMED = "confirmed/v1/"

/** Installations one speaks of, and bytes of what it says. A few of each are ordinary; whoever may push can invent more. */
const MAX_INSTALLATIONS = 256
const MAX_HAVE_BYTES = 64 * 1024
/** Bytes of the file: that, and what goes around it. */
export const MAX_CONFIRMATION_BYTES = MAX_HAVE_BYTES + 256
/** Characters of a range at the most, and of an installation without any. */
const RANGE_BYTES = 32
const ENTRY_BYTES = 32

/**
 * Milliseconds between two commits of an installation that hold nothing but this: what has been said to one who only listens is
 * confirmed at once if it is the first for a while, and otherwise with the first exchange after so long.
 */
export const ALONE_MS = 5 * 60_000
/** Times the same is put there alone, twice as long after each, because it was refused or somebody has replaced it: a day of them. */
const MAX_TRIES = 8

/** By installation. */
export type Have = ReadonlyMap<string, Ranges>

/** Nothing of anybody's: the same as no file. */
export const NOTHING = "{}"

/** The way it is written: of so many installations, or of one with so many gaps, that it would be too long, less than is true. */
export const encodeHave = (have: Have): string => {
  const entries = [...have].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, MAX_INSTALLATIONS)
  const most = Math.floor((MAX_HAVE_BYTES / Math.max(1, entries.length) - ENTRY_BYTES) / RANGE_BYTES)
  return JSON.stringify(
    Object.fromEntries(entries.map(([origin, ranges]) => [origin, formatRanges(ranges.slice(-most))]))
  )
}

export interface Confirmation {
  readonly origin: string
  readonly at: number
  /** As `encodeHave` writes it. */
  readonly have: string
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

export const encodeConfirmation = ({ at, have, origin }: Confirmation): Uint8Array => {
  const rest = `"origin":"${origin}","at":${at},"have":${have}}`
  return Buffer.from(`{"hash":"${sha256(rest)}",${rest}\n`)
}

const FORM =
  /^\{"hash":"([0-9a-f]{64})",("origin":"(ins_[0-9A-F]{20})","at":(0|[1-9][0-9]{0,14}),"have":(\{[^\n]*\})\})\n$/
const HAVE = /^\{(?:"ins_[0-9A-F]{20}":"[0-9,-]*"(?:,(?=")|(?=\})))*\}$/

/** Null: it is none, was cut off or changed. */
export const parseConfirmation = (bytes: Uint8Array): Confirmation | null => {
  if (bytes.length > MAX_CONFIRMATION_BYTES) return null
  const found = FORM.exec(Buffer.from(bytes).toString("latin1"))
  if (found === null) return null
  const [, hash, rest, origin, at, have] = found as unknown as ReadonlyArray<string>
  return sha256(rest!) === hash && HAVE.test(have!) ? { origin: origin!, at: Number(at), have: have! } : null
}

export const confirmationPath = (origin: string): string => `${CONFIRMED}${origin}.json`

/** Whose it is; null for a path that no agentd of this version would write. */
export const confirmationOrigin = (path: string): string | null =>
  /^confirmed\/v1\/(ins_[0-9A-F]{20})\.json$/.exec(path)?.[1] ?? null

export type Heard =
  /** `has`: of this installation's; null: it does not say. `excess`: also of some that were never given. */
  | { readonly do: "take"; readonly at: number; readonly has: Ranges | null; readonly excess: boolean }
  | { readonly do: "quarantine"; readonly reason: string; readonly until: Until }

export interface Listener {
  readonly origin: string
  /** The last number it can have given. */
  readonly given: number
  readonly now: number
}

/** What one says counts for itself alone, and only of events that there are. */
export const judgeConfirmation = (author: string, bytes: Uint8Array, here: Listener): Heard => {
  const said = parseConfirmation(bytes)
  if (said === null)
    return { do: "quarantine", reason: "it does not say what an installation has, or was changed", until: "never" }
  if (said.origin !== author) {
    return {
      do: "quarantine",
      reason: "it lies in the place of another installation than the one that it names",
      until: "never"
    }
  }
  const entries = JSON.parse(said.have) as Readonly<Record<string, string>>
  const at = Math.min(said.at, here.now)
  const ours = entries[here.origin]
  if (ours === undefined) {
    const full = Object.keys(entries).length >= MAX_INSTALLATIONS
    return { do: "take", at, has: full ? null : [], excess: false }
  }
  const ranges = parseRanges(ours)
  if (ranges === null) return { do: "quarantine", reason: "the numbers in it are none", until: "never" }
  const has = upTo(ranges, here.given)
  return { do: "take", at, has, excess: formatRanges(has) !== ours }
}

export interface Stated {
  /** What this installation has. */
  readonly have: string
  /** What the branch says of it. */
  readonly there: string
  /** What was last tried to put there, when, and how often. */
  readonly put: string
  readonly put_at: number
  readonly tries: number
}

/**
 * Whether what this installation has is to be said now. With events that are sent anyway it costs nothing. Alone only after events came in,
 * and so seldom that nobody answers an answer: to be told what others have changes nothing of what one has oneself.
 */
export const isDue = ({ have, put, put_at, there, tries }: Stated, now: number, alone: boolean): boolean => {
  if (have === there) return false
  if (!alone) return true
  const before = have === put ? tries : 0
  // A clock that was set back says nothing of how long ago it was.
  return before < MAX_TRIES && (now < put_at || now >= put_at + ALONE_MS * 2 ** before)
}
