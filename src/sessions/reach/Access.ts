/**
 * Which sessions a session may reach: read, type into, attach to, stop. A person, outside of every session, may reach all of theirs;
 * a program in one only what its session was given when it was started, and it can give no more than it has.
 */
import { Effect, Option } from "effect"
import { Settings } from "../../config/Settings.ts"
import { NotAllowed } from "../../contract/errors/Errors.ts"
import type { Peer } from "../../contract/Handler.ts"
import type { Params } from "../../contract/Methods.ts"
import type { SessionAccess } from "../../contract/session/Session.ts"
import { ProcessTable } from "../../host/processes/ProcessTable.ts"
import { LiveSessions } from "../life/LiveSessions.ts"
import { type SessionRecord, SessionStore } from "../SessionStore.ts"
import { markOf } from "./Person.ts"
import { resolve } from "./Resolve.ts"

/** Sessions that are followed from one to the one it was started from, or continues. */
const MAX_STEPS = 64

const ORDER: ReadonlyArray<SessionAccess> = ["own", "tag", "all"]

const isMore = (one: SessionAccess, other: SessionAccess) => ORDER.indexOf(one) > ORDER.indexOf(other)
const less = (one: SessionAccess, other: SessionAccess) => (isMore(one, other) ? other : one)

/** What of a session decides who reaches it. */
type Kin = Pick<SessionRecord, "id" | "name" | "tags" | "resumedFrom" | "startedBy">

/**
 * @param selves the caller, and the sessions it continues
 * @param line the session that is to be reached, the one it was started from, and so on
 */
export const mayReach = (
  caller: Pick<SessionRecord, "access" | "tags">,
  selves: ReadonlySet<string>,
  target: Pick<Kin, "tags">,
  line: ReadonlyArray<string>
): boolean =>
  caller.access === "all" ||
  line.some((id) => selves.has(id)) ||
  (caller.access === "tag" && target.tags.some((tag) => caller.tags.includes(tag)))

/** What a session that is started gets; a session that is started again has at most what may be given now. */
export const decideAccess = (
  asked: SessionAccess | "most" | undefined,
  configured: SessionAccess,
  locked: boolean,
  caller: SessionAccess | null,
  clamp: boolean
): { readonly access: SessionAccess } | { readonly refused: "locked" | "caller"; readonly most: SessionAccess } => {
  const byConfiguration = locked ? configured : "all"
  const most = less(byConfiguration, caller ?? "all")
  if (asked === "most") return { access: most }
  const wanted = asked ?? configured
  if (!isMore(wanted, most) || asked === undefined || clamp) return { access: less(wanted, most) }
  return { refused: isMore(wanted, byConfiguration) ? "locked" : "caller", most }
}

export const accessFor = Effect.fnUntraced(function* (
  { access, tags = [] }: Pick<Params<"session.start">, "access" | "tags">,
  caller: SessionRecord | null,
  clamp: boolean
) {
  const settings = yield* Settings
  const place = (yield* settings.locked).get("session.access")
  const configured = (yield* settings.current).session.access
  const decided = decideAccess(access, configured, place !== undefined, caller?.access ?? null, clamp)
  if ("refused" in decided) {
    const why =
      decided.refused === "locked"
        ? `session.access is locked at "${decided.most}" by ${place}`
        : `your own session has "${decided.most}", and can give no more`
    return yield* new NotAllowed({ reason: `${why}. Ask for "${decided.most}" or less, or leave it out.` })
  }
  if (caller !== null && decided.access === "tag") yield* refuseTags(caller, tags)
  return decided.access
})

/** Tags open doors: a session that is let in by its own gives no others away, nor takes them. */
const refuseTags = (caller: SessionRecord, tags: ReadonlyArray<string>) => {
  const other = tags.find((tag) => !caller.tags.includes(tag))
  return caller.access !== "tag" || other === undefined
    ? Effect.void
    : new NotAllowed({
        reason: `your session reaches others by its tags, so it cannot give the tag "${other}", which it does not have. Ask whoever started it.`
      })
}

/** The session that asks; null: a person. Whoever has left a session on purpose still counts as part of it. */
export const callerOf = Effect.fnUntraced(function* (peer: Peer) {
  const store = yield* SessionStore
  const inside = peer.session
  if (inside === null) return yield* markOf(peer, yield* ProcessTable, store)
  const { entries } = yield* LiveSessions
  return entries.get(inside)?.record ?? Option.getOrNull(yield* store.get(inside))
})

/** From a session to the next one, as long as there is one. */
const chain = Effect.fnUntraced(function* (from: Kin, next: (record: Kin) => string | null) {
  const { entries } = yield* LiveSessions
  const store = yield* SessionStore
  const ids = [from.id]
  let at: Kin | undefined = from
  while (at !== undefined && ids.length < MAX_STEPS) {
    const id = next(at)
    if (id === null || ids.includes(id)) break
    // Of one that has been forgotten the id still counts.
    ids.push(id)
    at = entries.get(id)?.record ?? Option.getOrUndefined(yield* store.get(id))
  }
  return ids
})

const reaches = Effect.fnUntraced(function* (caller: SessionRecord, target: Kin) {
  if (caller.access === "all" || caller.id === target.id) return true
  const selves = new Set(yield* chain(caller, ({ resumedFrom }) => resumedFrom))
  return mayReach(caller, selves, target, yield* chain(target, ({ startedBy }) => startedBy))
})

/** The session a request means, if whoever asks may reach it: by its id, so that it cannot become another one meanwhile. */
export const allowed = Effect.fnUntraced(function* (reference: string, peer: Peer) {
  const caller = yield* callerOf(peer)
  if (caller === null || caller.access === "all") return reference
  const { record } = yield* resolve(reference)
  if (yield* reaches(caller, record)) return record.id
  const others =
    caller.access === "tag" ? "sessions it has started or that have a tag of its own" : "sessions it has started"
  return yield* new NotAllowed({
    reason: `programs in session ${caller.name} may reach ${others}, and ${record.name} is none of them. Messages reach everybody ("agentctl message send"); for more, a person starts the session with "agentctl run --access all", or sets session.access.`
  })
})

/** Which of these a caller may reach. */
export const reachable = Effect.fnUntraced(function* (sessions: ReadonlyArray<Kin>, peer: Peer) {
  const caller = yield* callerOf(peer)
  if (caller === null || caller.access === "all") return null
  const found = new Set<string>()
  for (const session of sessions) if (yield* reaches(caller, session)) found.add(session.id)
  return found
})

/** Tags that are added. */
export const allowedTags = Effect.fnUntraced(function* (tags: ReadonlyArray<string>, peer: Peer) {
  const caller = yield* callerOf(peer)
  if (caller !== null) yield* refuseTags(caller, tags)
})
