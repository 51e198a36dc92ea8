/**
 * What is told of sessions: of one, of several, with what they use, and no more than whoever asks may see.
 */
import { Effect } from "effect"
import type { Peer } from "../contract/Handler.ts"
import type { Params } from "../contract/Methods.ts"
import type { Session } from "../contract/session/Session.ts"
import { Launcher } from "./launching/Launcher.ts"
import { describe, type Entry, LiveSessions } from "./life/LiveSessions.ts"
import { reachable } from "./reach/Access.ts"
import { resolve } from "./reach/Resolve.ts"
import { SessionStore } from "./SessionStore.ts"

export const get = Effect.fn("Sessions.get")(function* (reference: string) {
  const { entry, record } = yield* resolve(reference)
  const session = describe(record, entry)
  return entry === undefined ? session : { ...session, usage: (yield* usageOf([entry])).get(record.id) ?? null }
})

export const seen = Effect.fnUntraced(function* (reference: string, peer: Peer) {
  const { sessions } = yield* forEyesOf(peer)({ sessions: [yield* get(reference)] })
  return sessions[0]!
})

/** What a session asks its user is for those who may see its screen. */
export const forEyesOf = (peer: Peer) =>
  Effect.fnUntraced(function* (listed: { readonly sessions: ReadonlyArray<Session> }) {
    const asking = listed.sessions.filter(({ state }) => state?.question != null)
    if (asking.length === 0) return listed
    // Whoever cannot be told sees what everybody sees.
    const open = yield* reachable(asking, peer).pipe(
      Effect.catchTag("NotAllowed", () => Effect.succeed<ReadonlySet<string>>(new Set()))
    )
    if (open === null) return listed
    return {
      sessions: listed.sessions.map((session) =>
        session.state?.question == null || open.has(session.id)
          ? session
          : { ...session, state: { ...session.state, question: null } }
      )
    }
  })

export const list = Effect.fn("Sessions.list")(function* ({ state, usage = false, ...filter }: Params<"session.list">) {
  const sessions = yield* LiveSessions
  const records = yield* (yield* SessionStore).list({
    ...filter,
    status: undefined,
    all: filter.all ?? (filter.status !== undefined || state?.includes("exited") === true)
  })
  const described = records.map((record) => {
    const entry = sessions.entries.get(record.id)
    return describe(entry?.record ?? record, entry)
  })
  // Between its end and the record of it a session is not live any more.
  const found = described.filter(
    ({ status, state: doing }) =>
      (filter.status === undefined || status === filter.status) &&
      (state === undefined || (doing !== undefined && state.includes(doing.name)))
  )
  if (!usage) return { sessions: found }
  const figures = yield* usageOf(found.flatMap(({ id }) => sessions.entries.get(id) ?? []))
  return { sessions: found.map((session) => ({ ...session, usage: figures.get(session.id) ?? null })) }
})

/** Processes of a session that is starting or has just ended say nothing of it. */
const usageOf = (entries: ReadonlyArray<Entry>) =>
  Effect.map(Launcher, (launcher) =>
    launcher.usage(
      entries
        .filter(({ live }) => live.exit === null)
        .map(({ live }) => ({ session: live.id, pid: live.launched.pid, startTime: live.launched.startTime }))
    )
  )
