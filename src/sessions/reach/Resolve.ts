/**
 * Which session a request means: `-`, an id, a name, or a unique prefix, in this order.
 */
import { Effect, Option } from "effect"
import { SessionAmbiguous, SessionEnded, SessionNotFound } from "../../contract/errors/Errors.ts"
import { describeExit } from "../launching/Exits.ts"
import { type Entry, LiveSessions } from "../life/LiveSessions.ts"
import { type SessionRecord, SessionStore } from "../SessionStore.ts"

const WHOLE_ID = /^ses_[0-9A-Z]{26}$/

export interface Resolved {
  readonly record: SessionRecord
  /** Set while it lives. */
  readonly entry: Entry | undefined
}

/** A live session's name wins over an ended one's; among ended ones the newest. */
export const resolve = Effect.fnUntraced(function* (reference: string) {
  const sessions = yield* LiveSessions
  const store = yield* SessionStore
  const named = sessions.entries.get(reference) ?? sessions.byName(reference)
  if (named !== undefined) return found(named.record, named)
  if (reference === "-") {
    const last = sessions.last === null ? Option.none() : yield* store.get(sessions.last)
    const record = Option.getOrUndefined(Option.isSome(last) ? last : yield* store.latest)
    if (record === undefined) return yield* new SessionNotFound({ session: reference })
    return found(record, sessions.entries.get(record.id))
  }
  // No name looks like a whole id, and whoever has one should not pay for all the names there ever were.
  const known = WHOLE_ID.test(reference) ? yield* store.get(reference) : Option.none()
  if (Option.isSome(known)) return found(known.value, sessions.entries.get(known.value.id))
  const ended = (yield* store.endedByName(reference)).at(-1)
  if (ended !== undefined) return found(ended, sessions.entries.get(ended.id))
  const matches = yield* store.byPrefix(reference)
  const [only] = matches
  if (only === undefined) return yield* new SessionNotFound({ session: reference })
  const exact = matches.find(({ id }) => id === reference)
  if (matches.length > 1 && exact === undefined) {
    return yield* new SessionAmbiguous({ session: reference, matches: matches.map(({ id }) => id) })
  }
  const record = exact ?? only
  return found(record, sessions.entries.get(record.id))
})

const found = (record: SessionRecord, entry: Entry | undefined): Resolved => ({
  record: entry?.record ?? record,
  entry
})

/** The same, for requests that need a running program. */
export const resolveLive = Effect.fnUntraced(function* (reference: string) {
  const { entry, record } = yield* resolve(reference)
  if (entry !== undefined && entry.live.exit === null) return entry
  return yield* new SessionEnded({ session: record.name, exit: describeExit(entry?.live.exit ?? record.exit) })
})
