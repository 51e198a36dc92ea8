/**
 * Requests about agents and groups.
 */
import { Clock, Effect, Semaphore } from "effect"
import { CLEANUP_MS } from "../contract/Agent.ts"
import { AgentTaken, Conflict, GroupNotFound, NotAllowed } from "../contract/errors/Errors.ts"
import type { Caller, HandlersFor } from "../contract/Handler.ts"
import type { Params } from "../contract/Methods.ts"
import { isDirectory } from "../host/git/GitDirectory.ts"
import type { Sessions } from "../sessions/Sessions.ts"
import type { EventLog } from "../store/EventLog.ts"
import { confusedWith, oneAgent, resolveAddress, unknownAddress } from "./Addresses.ts"
import type { AgentRecord } from "./AgentStore.ts"
import { personName } from "./Identify.ts"
import type { AgentMethod, Author, Parts } from "./Parts.ts"

export const agentHandlers = (
  parts: Parts,
  sessions: Sessions["Service"],
  log: EventLog["Service"]
): HandlersFor<Exclude<AgentMethod, "agent.context" | "agent.whoHas">> => {
  const { author, describe, directory, identify, register, sessionOf, store, user } = parts

  /** Reads from where the caller stands; nobody is recorded for it. */
  const standing = Effect.fnUntraced(function* (caller: Caller, path: string | undefined) {
    const who = yield* identify(caller, path)
    const { workspace } = who.place
    const here = workspace === null ? { agents: [], groups: [] } : yield* directory(workspace.id)
    return { who, workspace, here }
  })

  /** The agent itself, who registered it, and people may do this. */
  const mayDelete = (agent: AgentRecord, by: AgentRecord) =>
    by.kind === "person" || by.id === agent.id || agent.by === by.id

  const remove = (agent: AgentRecord, by: AgentRecord, reason: string | undefined) =>
    Effect.andThen(
      log.share(agent.workspace, [{ type: "agent.deleted", agent: agent.id, by: by.id, reason: reason ?? null }]),
      Effect.map(store.byId(agent.id), (found) => describe(found!))
    )

  /** One after the other: each goes by the members that the one before has left. */
  const turn = Semaphore.makeUnsafe(1)
  const setGroup = Effect.fnUntraced(function* (params: Params<"group.set">, by: Author) {
    const here = yield* directory(by.workspace)
    const confused = confusedWith(params.group, "group", here)
    if (confused !== null) {
      return yield* new AgentTaken({ name: params.group, reason: `${confused}. Choose another.` })
    }
    const before = here.groups.find(({ name }) => name === params.group)?.members
    const add = yield* Effect.forEach(params.add ?? [], (address) => oneAgent(address, here))
    const remove = yield* Effect.forEach(params.remove ?? [], (address) => oneAgent(address, here))
    const gone = new Set(remove.map(({ id }) => id))
    const members = [...new Set([...(before ?? []), ...add.map(({ id }) => id)])].filter((id) => !gone.has(id))
    if (before === undefined || before.length !== members.length || !members.every((id) => before.includes(id))) {
      yield* log.share(by.workspace, [{ type: "group.changed", group: params.group, members, by: by.agent.id }])
    }
    return { name: params.group, members: refs(members, here.agents) }
  })

  return {
    "agent.register": Effect.fnUntraced(function* (params: Params<"agent.register">, caller: Caller) {
      const who = yield* identify(caller, params.directory)
      const named = params.session === undefined ? null : yield* sessions.findLive(params.session)
      const own = who.kind === "person" ? null : who.session
      if (named !== null && who.kind !== "person" && named.id !== own?.id) {
        return yield* new NotAllowed({ reason: "only a person may say which agent another session acts for." })
      }
      const session = named ?? own
      const stands = who.kind === "agent" ? (who.agent.worktree ?? "/") : who.directory
      const { agent, outcome } = yield* register({ params, who, directory: named?.cwd ?? stands, session })
      return { agent: describe(agent), outcome }
    }),

    "agent.list": Effect.fnUntraced(function* (params: Params<"agent.list">, caller: Caller) {
      const { here, workspace } = yield* standing(caller, params.directory)
      const agents = here.agents
        .filter(({ deletedAt }) => params.deleted === true || deletedAt === null)
        .filter(({ role }) => params.role === undefined || role === params.role)
        .filter(({ module }) => params.module === undefined || module === params.module)
        .filter(({ id }) => params.live !== true || sessionOf(id) !== undefined)
      return { workspace, agents: agents.map(describe) }
    }),

    "agent.whoami": Effect.fnUntraced(function* (params: Params<"agent.whoami">, caller: Caller) {
      const { here, who } = yield* standing(caller, params.directory)
      const agent = who.kind === "session" || who.agent === null ? null : describe(who.agent)
      return {
        kind: who.kind,
        agent,
        address: who.kind === "person" ? (agent?.address ?? `@${personName(user, here)}`) : (agent?.address ?? null),
        session: who.kind === "person" ? null : who.session.id,
        workspace: who.place.workspace,
        worktree: who.place.worktree
      }
    }),

    "agent.lookup": Effect.fnUntraced(function* (params: Params<"agent.lookup">, caller: Caller) {
      const { here } = yield* standing(caller, params.directory)
      const meant = resolveAddress(params.agent, here)
      if (meant.kind === "nobody") return yield* unknownAddress(params.agent, here)
      return { agents: meant.agents.map(describe) }
    }),

    "agent.delete": Effect.fnUntraced(function* (params: Params<"agent.delete">, caller: Caller) {
      const by = yield* author(caller, params.directory)
      const agent = yield* oneAgent(params.agent, yield* directory(by.workspace))
      if (agent.kind === "person") {
        return yield* new NotAllowed({
          reason: `${agent.address} is a person, and what was said to them would be gone with them. "agentctl message archive" empties an inbox.`
        })
      }
      if (!mayDelete(agent, by.agent) || agent.origin !== parts.origin) {
        return yield* new NotAllowed({
          reason: `${agent.address} can be deleted by itself, by who registered it, or by a person on ${agent.host}.`
        })
      }
      const session = sessionOf(agent.id)
      if (session !== undefined && agent.id !== by.agent.id) {
        return yield* new Conflict({
          reason: `The live session ${session.name} acts for ${agent.address}. Stop it first ("agentctl stop ${session.name}").`
        })
      }
      const deleted = yield* remove(agent, by.agent, params.reason)
      if (session !== undefined) yield* sessions.assign(session.id, null)
      return { ...deleted, session: null }
    }),

    "agent.cleanup": Effect.fnUntraced(function* (params: Params<"agent.cleanup">, caller: Caller) {
      const by = yield* author(caller, params.directory)
      if (by.agent.kind !== "person") {
        return yield* new NotAllowed({ reason: "only a person may clean up. An agent can delete itself." })
      }
      const { agents } = yield* directory(by.workspace)
      const active = yield* store.active(by.workspace)
      const oldest = (yield* Clock.currentTimeMillis) - (params.olderThanMs ?? CLEANUP_MS)
      const left = agents.filter((one) => {
        if (one.deletedAt !== null || one.kind === "person" || one.origin !== parts.origin) return false
        if (sessionOf(one.id) !== undefined) return false
        const lastHeard = Math.max(one.registeredAt, one.statusAt ?? 0, active.get(one.id) ?? 0)
        return lastHeard <= oldest || (one.worktree !== null && !isDirectory(one.worktree))
      })
      if (params.dryRun === true) return { agents: left.map(describe), deleted: false }
      return { agents: yield* Effect.forEach(left, (one) => remove(one, by.agent, "left behind")), deleted: true }
    }),

    "agent.setStatus": Effect.fnUntraced(function* (params: Params<"agent.setStatus">, caller: Caller) {
      const by = yield* author(caller, params.directory)
      const agent =
        params.agent === undefined ? by.agent : yield* oneAgent(params.agent, yield* directory(by.workspace))
      if (agent.id !== by.agent.id && (by.agent.kind !== "person" || agent.origin !== parts.origin)) {
        return yield* new NotAllowed({ reason: "an agent says only how it is doing itself." })
      }
      const note = params.note ?? null
      // What says nothing new is no event: programs tell their status again and again.
      if (agent.status === params.status && agent.note === note) return describe(agent)
      yield* log.share(agent.workspace, [{ type: "agent.status", agent: agent.id, status: params.status, note }])
      return describe((yield* store.byId(agent.id))!)
    }),

    "group.set": Effect.fnUntraced(function* (params: Params<"group.set">, caller: Caller) {
      const by = yield* author(caller, params.directory)
      return yield* turn.withPermit(setGroup(params, by))
    }),

    "group.list": Effect.fnUntraced(function* (params: Params<"group.list">, caller: Caller) {
      const { here } = yield* standing(caller, params.directory)
      return { groups: here.groups.map(({ members, name }) => ({ name, members: refs(members, here.agents) })) }
    }),

    "group.delete": Effect.fnUntraced(function* (params: Params<"group.delete">, caller: Caller) {
      const by = yield* author(caller, params.directory)
      const { groups } = yield* directory(by.workspace)
      if (!groups.some(({ name }) => name === params.group)) {
        return yield* new GroupNotFound({ group: params.group })
      }
      yield* log.share(by.workspace, [{ type: "group.changed", group: params.group, members: null, by: by.agent.id }])
      return { deleted: true }
    })
  }
}

const refs = (ids: ReadonlyArray<string>, agents: ReadonlyArray<AgentRecord>) =>
  agents.filter(({ deletedAt, id }) => deletedAt === null && ids.includes(id)).map(({ id, name }) => ({ id, name }))
