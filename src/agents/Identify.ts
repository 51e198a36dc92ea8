/**
 * Who is asking. The kernel says which process is at the other end; its session says which agent it acts for. Nothing a
 * caller claims about itself is taken for an answer.
 */
import { Effect } from "effect"
import { NotAllowed, type StorageUnavailable } from "../contract/errors/Errors.ts"
import type { Peer } from "../contract/Handler.ts"
import { ProcessTable } from "../host/processes/ProcessTable.ts"
import { Self } from "../host/self/Self.ts"
import { markOf } from "../sessions/reach/Person.ts"
import { type SessionRecord, SessionStore } from "../sessions/SessionStore.ts"
import { Sessions } from "../sessions/Sessions.ts"
import { EventLog } from "../store/EventLog.ts"
import { confusedWith, type Directory } from "./Addresses.ts"
import { type AgentRecord, AgentStore } from "./AgentStore.ts"
import { type Place, Workspaces } from "./Workspaces.ts"

export type Identity =
  | { readonly kind: "agent"; readonly agent: AgentRecord; readonly session: SessionRecord; readonly place: Place }
  /** In a session that acts for no agent. */
  | { readonly kind: "session"; readonly session: SessionRecord; readonly place: Place; readonly directory: string }
  /** Outside of every session. Without a record: it has not said anything here yet. */
  | { readonly kind: "person"; readonly agent: AgentRecord | null; readonly place: Place; readonly directory: string }

/** What answers it is looked up once: every message that is sent begins with this question. */
export const makeIdentify = Effect.gen(function* () {
  const table = yield* ProcessTable
  const sessions = yield* Sessions
  const store = yield* AgentStore
  const workspaces = yield* Workspaces
  const { user } = yield* Self
  const { origin } = yield* EventLog
  const provePerson = makeProvePerson(table, yield* SessionStore)
  return Effect.fnUntraced(function* (
    peer: Peer,
    directory: string | undefined
  ): Effect.fn.Return<Identity, NotAllowed | StorageUnavailable> {
    const inside = peer.session
    const session = inside === null ? undefined : sessions.records().find(({ id }) => id === inside)
    const stands = directory ?? (peer.pid === null ? null : table.directory(peer.pid)) ?? session?.cwd ?? "/"
    if (session === undefined) {
      yield* provePerson(peer)
      const place = yield* workspaces.find(stands)
      const present = place.workspace === null ? [] : yield* store.inWorkspace(place.workspace.id)
      const agent = present.find((one) => isPerson(one, user, origin)) ?? null
      return { kind: "person", agent, place, directory: stands }
    }
    const agent = session.agent === null ? null : yield* store.byId(session.agent.id)
    if (agent === null || agent.deletedAt !== null) {
      return { kind: "session", session, place: yield* workspaces.find(stands), directory: stands }
    }
    const workspace = yield* store.workspaceById(agent.workspace)
    return { kind: "agent", agent, session, place: { workspace, worktree: agent.worktree } }
  })
})

/** Added to a login name that an agent has already. */
const PERSON = ".person"

/** What a person is called in a workspace: their login, unless that means something else there already. */
export const personName = (user: string, here: Directory): string => {
  const taken = confusedWith(user, "name", here) !== null
  return taken || here.agents.some((one) => one.deletedAt === null && one.name === user) ? `${user}${PERSON}` : user
}

/** The same login on another machine is somebody else, until proven otherwise. */
export const isPerson = (record: AgentRecord, user: string, here: string) =>
  record.kind === "person" &&
  record.deletedAt === null &&
  record.origin === here &&
  (record.name === user || record.name === `${user}${PERSON}`)

const makeProvePerson = (table: ProcessTable["Service"], sessions: SessionStore["Service"]) =>
  Effect.fnUntraced(function* (peer: Peer) {
    const mark = yield* markOf(peer, table, sessions)
    if (mark === null) return
    return yield* new NotAllowed({
      reason: `your process carries the mark of session ${mark.id} and has left it. Ask from within a live session, or from outside of all.`
    })
  })
