/**
 * Agents: named identities, the sessions that act for them, and the people beside them. What can be asked of them, in one place.
 */
import { Context, Effect, Layer, Semaphore } from "effect"
import type { Agent } from "../contract/Agent.ts"
import { AgentTaken, Conflict, NotAllowed, type StorageUnavailable } from "../contract/errors/Errors.ts"
import type { Caller, HandlersFor } from "../contract/Handler.ts"
import type { AgentRef } from "../contract/Identity.ts"
import type { Params } from "../contract/Methods.ts"
import type { Git } from "../host/git/Git.ts"
import { ProcessTable } from "../host/processes/ProcessTable.ts"
import { Self } from "../host/self/Self.ts"
import type { SessionRecord, SessionStore } from "../sessions/SessionStore.ts"
import { Sessions } from "../sessions/Sessions.ts"
import { EventLog } from "../store/EventLog.ts"
import { confusedWith, type Directory } from "./Addresses.ts"
import { madeBy } from "./AgentProjection.ts"
import { type AgentRecord, AgentStore } from "./AgentStore.ts"
import { agentHandlers } from "./handlers.ts"
import { type Identity, isPerson, makeIdentify, personName } from "./Identify.ts"
import type { AgentMethod, Author, Claimant, Parts } from "./Parts.ts"
import { rule } from "./Register.ts"
import { Workspaces } from "./Workspaces.ts"
import { workHandlers } from "./workHandlers.ts"

export class Agents extends Context.Service<
  Agents,
  {
    readonly requests: HandlersFor<AgentMethod>
    readonly identify: (caller: Caller, directory?: string) => Effect.Effect<Identity, NotAllowed | StorageUnavailable>
    /** Who is asking, for what is said in somebody's name; a person is recorded when they first say something. */
    readonly author: (caller: Caller, directory?: string) => Effect.Effect<Author, NotAllowed | StorageUnavailable>
    /** The person this daemon works for, in a workspace; recorded there from now on. */
    readonly person: (workspace: string) => Effect.Effect<AgentRecord, StorageUnavailable>
    /** Login name of that person. */
    readonly user: string
    /** This installation. */
    readonly origin: string
    /** Everybody an address may mean in a workspace. */
    readonly directory: (workspace: string) => Effect.Effect<Directory, StorageUnavailable>
    readonly describe: (record: AgentRecord) => Agent
    /** The live session that acts for an agent. */
    readonly sessionOf: (agent: string) => SessionRecord | undefined
    /** The agent a session that is about to start is to act for. */
    readonly forStart: (
      params: Params<"session.start">,
      caller: Caller
    ) => Effect.Effect<AgentRef, AgentTaken | Conflict | NotAllowed | StorageUnavailable>
  }
>()("agentd/agents/Agents") {
  static readonly layer = Layer.effect(
    Agents,
    Effect.gen(function* () {
      const context = yield* Effect.context<Needs>()
      const provide = <A, E>(effect: Effect.Effect<A, E, Needs>) => Effect.provide(effect, context)
      const sessions = yield* Sessions
      const store = yield* AgentStore
      const workspaces = yield* Workspaces
      const { origin } = yield* EventLog
      /** Registrations one at a time: each is decided by what the one before it has made. */
      const turn = yield* Semaphore.make(1)

      const sessionOf = (agent: string) => sessions.records().find((record) => record.agent?.id === agent)
      const describe = ({ by: _by, origin: home, ...agent }: AgentRecord): Agent => {
        const session = sessionOf(agent.id)
        const { id, intent, name, task } = session ?? {}
        return {
          ...agent,
          here: home === origin,
          session: session === undefined ? null : { id: id!, name: name!, intent: intent!, task: task! }
        }
      }
      const identify = yield* makeIdentify
      const makePerson = (where: Effect.Effect<string, StorageUnavailable>) =>
        turn.withPermit(Effect.flatMap(where, (workspace) => provide(person(workspace))))
      const directory = (workspace: string) =>
        Effect.all({ agents: store.inWorkspace(workspace), groups: store.groups(workspace) })
      const parts: Parts = {
        store,
        user: (yield* Self).user,
        origin,
        sessionOf,
        describe,
        directory,
        identify: ({ peer }, path) => identify(peer, path),
        author: ({ peer }, path) =>
          Effect.flatMap(identify(peer, path), (who) =>
            authorOf(who, (directory) =>
              makePerson(Effect.map(workspaces.enter(directory), ({ workspace }) => workspace.id))
            )
          ),
        // With the session as it is by then, and until that it acts for the agent is on record.
        register: (claimant) =>
          turn.withPermit(
            Effect.gen(function* () {
              const session = sessions.records().find(({ id }) => id === claimant.session?.id) ?? claimant.session
              const registered = yield* provide(register({ ...claimant, session }))
              const { id, name } = registered.agent
              if (session !== null) yield* sessions.assign(session.id, { id, name })
              return registered
            })
          )
      }
      return {
        ...parts,
        person: (workspace) => makePerson(Effect.succeed(workspace)),
        requests: {
          ...agentHandlers(parts, sessions, yield* EventLog),
          ...workHandlers({ parts, sessions, table: yield* ProcessTable, workspaces, ask: provide })
        },
        forStart: (params, caller) =>
          turn.withPermit(
            Effect.flatMap(identify(caller.peer, params.cwd), (who) => provide(forStart(params, who, sessionOf)))
          )
      }
    })
  )
}

type Needs = AgentStore | EventLog | Git | ProcessTable | Self | Sessions | SessionStore | Workspaces

/** A person is recorded when they first say something. */
const authorOf = (
  who: Identity,
  makePerson: (directory: string) => Effect.Effect<AgentRecord, StorageUnavailable>
): Effect.Effect<Author, NotAllowed | StorageUnavailable> => {
  if (who.kind === "session") {
    return Effect.fail(
      new NotAllowed({
        reason: `the session ${who.session.name} acts for no agent yet. "agentctl agent register NAME" gives it a name.`
      })
    )
  }
  const speaking = (agent: AgentRecord, session: SessionRecord | null) => ({
    agent,
    workspace: agent.workspace,
    session
  })
  if (who.kind === "agent") return Effect.succeed(speaking(who.agent, who.session))
  if (who.agent !== null) return Effect.succeed(speaking(who.agent, null))
  return Effect.map(makePerson(who.directory), (agent) => speaking(agent, null))
}

const person = Effect.fn("Agents.person")(function* (workspace: string) {
  const { user } = yield* Self
  const store = yield* AgentStore
  const agents = yield* store.inWorkspace(workspace)
  const { origin } = yield* EventLog
  const known = agents.find((one) => isPerson(one, user, origin))
  if (known !== undefined) return known
  return yield* makeAgent(workspace, {
    name: personName(user, { agents, groups: yield* store.groups(workspace) }),
    kind: "person",
    role: null,
    module: null,
    display: null,
    worktree: null,
    by: null
  })
})

interface Fresh {
  readonly name: string
  readonly kind: Agent["kind"]
  readonly role: string | null
  readonly module: string | null
  readonly display: string | null
  readonly worktree: string | null
  readonly by: string | null
}

const makeAgent = Effect.fnUntraced(function* (workspace: string, fresh: Fresh) {
  const { host } = yield* Self
  const log = yield* EventLog
  const [event] = yield* log.share(workspace, [{ type: "agent.registered", ...fresh, host }])
  return (yield* (yield* AgentStore).byId(madeBy("agt_", event!)))!
})

export const register = Effect.fn("Agents.register")(function* ({ directory, params, session, who }: Claimant) {
  const log = yield* EventLog
  const store = yield* AgentStore
  const sessions = yield* Sessions
  const { user } = yield* Self
  // An agent's workspace is where it was registered, wherever it stands now.
  const entered = yield* (yield* Workspaces).enter(directory)
  const workspace = who.kind === "agent" ? who.agent.workspace : entered.workspace.id
  const worktree = who.kind === "agent" ? who.agent.worktree : entered.worktree
  const here: Directory = { agents: yield* store.inWorkspace(workspace), groups: yield* store.groups(workspace) }
  const { name } = params
  const holder = here.agents.find((one) => one.deletedAt === null && one.name === name) ?? null
  const acting = sessions.records().find((record) => holder !== null && record.agent?.id === holder.id)
  const ruling = rule({
    name,
    holder,
    heldBy: acting ?? null,
    origin: log.origin,
    session,
    worktree,
    person: who.kind === "person",
    by: session === null && who.kind === "agent" ? who.agent.id : null,
    move: params.move ?? false
  })
  const refuse = (reason: string) => new AgentTaken({ name, reason })
  if (ruling.do === "refuse") return yield* refuse(ruling.reason)
  if (ruling.do === "stay") return yield* new Conflict({ reason: ruling.reason })
  const confused = confusedWith(name, "name", here) ?? (name === user ? "it is your login's own" : null)
  if (ruling.do === "register" && confused !== null) return yield* refuse(`${confused}. Choose another.`)
  const role = typeof params.role === "string" ? params.role : null
  const confusedRole = role === null ? null : confusedWith(role, "role", here)
  if (role !== null && (confusedRole !== null || role === name)) {
    return yield* new AgentTaken({
      name: role,
      reason: `${confusedRole ?? "it is the agent's own name"}. Choose another role.`
    })
  }
  const given = (before: AgentRecord | null) => ({
    role: params.role === undefined ? (before?.role ?? null) : params.role,
    module: params.module === undefined ? (before?.module ?? null) : params.module,
    display: params.display === undefined ? (before?.display ?? null) : params.display,
    worktree: before !== null && before.id === session?.agent?.id ? before.worktree : worktree
  })
  if (ruling.do === "register") {
    const by = who.kind === "agent" ? who.agent.id : null
    const agent = yield* makeAgent(workspace, { name, kind: "agent", ...given(null), by })
    return { agent, outcome: "registered" as const }
  }
  const profile = given(ruling.agent)
  const changed = (["role", "module", "display", "worktree"] as const).some((key) => profile[key] !== ruling.agent[key])
  if (changed) yield* log.share(workspace, [{ type: "agent.changed", agent: ruling.agent.id, ...profile }])
  const agent = changed ? (yield* store.byId(ruling.agent.id))! : ruling.agent
  const resumed = session !== null && session.agent?.id !== agent.id
  return { agent, outcome: resumed ? ("resumed" as const) : changed ? ("changed" as const) : ("unchanged" as const) }
})

/** `agentctl run --agent NAME`: the program never runs without its identity. */
const forStart = Effect.fn("Agents.forStart")(function* (
  params: Params<"session.start">,
  who: Identity,
  sessionOf: (agent: string) => SessionRecord | undefined
) {
  const directory = params.cwd ?? "/"
  const { agent } = yield* register({ params: { name: params.agent! }, who, directory, session: null })
  const live = sessionOf(agent.id)
  if (live !== undefined) {
    const reason = `the live session ${live.name} acts for it. Stop that session, or choose another name.`
    return yield* new AgentTaken({ name: agent.name, reason })
  }
  return { id: agent.id, name: agent.name }
})
