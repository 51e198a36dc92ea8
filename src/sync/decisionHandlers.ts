/**
 * Requests that decide what leaves the machine. A person makes them: an agent must not be able to carry messages out of the house.
 */
import { Clock, Effect } from "effect"
import { Conflict, NeedsConfirmation, NotAllowed } from "../contract/errors/Errors.ts"
import type { Caller, HandlersFor } from "../contract/Handler.ts"
import { HOME } from "../contract/Identity.ts"
import type { Params } from "../contract/Methods.ts"
import { remoteOf } from "./Address.ts"
import { reasonOf } from "./OtherClone.ts"
import { outgoing } from "./Outgoing.ts"
import type { Parts } from "./Parts.ts"
import { preview } from "./Preview.ts"
import { standing } from "./statusHandlers.ts"

type Decision = "sync.enable" | "sync.disable" | "sync.release"

export const decisionHandlers = (parts: Parts): HandlersFor<Decision> => {
  const { agents, log, loop, store, transport, workspaces } = parts

  const person = Effect.fnUntraced(function* (caller: Caller, directory: string | undefined) {
    const who = yield* agents.identify(caller, directory)
    if (who.kind === "person") return who
    return yield* new NotAllowed({
      reason: "only a person decides what leaves this machine: ask from outside of all sessions."
    })
  })

  return {
    "sync.enable": Effect.fnUntraced(function* (params: Params<"sync.enable">, caller: Caller) {
      const who = yield* person(caller, params.directory)
      const closed = yield* loop.closed
      if (closed !== null) return yield* new NotAllowed({ reason: closed })
      const { workspace } = yield* workspaces.enter(who.directory)
      if (workspace.path === null) {
        return yield* new Conflict({ reason: "This directory lies in no git repository: there is no remote." })
      }
      const { path } = workspace
      const name = params.remote ?? "origin"
      const remote = yield* parts.ask(remoteOf(path, name))
      const other = (yield* store.all).find(
        ({ enabled, head, url, workspace: there }) =>
          url === remote && there !== workspace.id && (enabled === 1 || head !== null)
      )
      if (other !== undefined) {
        const { path: there } = yield* parts.directory.workspaceById(other.workspace)
        return yield* new Conflict({ reason: reasonOf(remote, there, other.head !== null) })
      }
      const isPublic = yield* transport.isPublic(remote)
      if (params.confirm === undefined) {
        return { enabled: false, remote, public: isPublic, ...(yield* preview(parts, workspace.id, remote)) }
      }
      if (params.confirm !== remote) {
        const reason = `The remote is ${remote}, and ${params.confirm} was confirmed. Look again at what would leave.`
        return yield* new Conflict({ reason })
      }
      if (isPublic === true && params.public !== true) {
        return yield* new NeedsConfirmation({ what: `Anybody can read ${remote}.`, field: "public" })
      }
      yield* store.enable(workspace.id, { remote: name, url: remote }, yield* Clock.currentTimeMillis)
      yield* loop.look(workspace.id)
      return { enabled: true, remote, public: isPublic, leaves: [], messages: [], held: [] }
    }),

    "sync.disable": Effect.fnUntraced(function* (params: Params<"sync.disable">, caller: Caller) {
      yield* person(caller, params.directory)
      const workspace = yield* standing(parts, caller, params.directory)
      const row = workspace === null ? null : yield* store.get(workspace.id)
      if (row === null) return { disabled: false }
      yield* store.disable(row.workspace)
      yield* loop.look(row.workspace)
      return { disabled: row.enabled === 1 }
    }),

    "sync.release": Effect.fnUntraced(function* (params: Params<"sync.release">, caller: Caller) {
      yield* person(caller, params.directory)
      const workspace = yield* standing(parts, caller, params.directory)
      const event = params.event.replace(/^msg_/, "evt_")
      const held = workspace === null ? [] : yield* store.held(workspace.id)
      const found = held.find((row) => row.event === event)
      if (workspace === null || workspace.id === HOME || found === undefined) {
        return yield* new Conflict({
          reason: `${params.event} is not held back. "agentctl sync status" lists what is.`
        })
      }
      if (found.body !== null) {
        return yield* new Conflict({ reason: `${params.event} was released already.` })
      }
      const [row] = yield* store.events(workspace.id, log.origin, found.seq - 1, found.seq, 1)
      const out = outgoing(row!.type, row!.body)
      if (out.do === "keep") return yield* new Conflict({ reason: `${row!.type} never leaves this machine.` })
      const body = out.do === "hold" && params.redacted === true ? out.redacted : out.body
      yield* store.release(workspace.id, log.origin, found.seq, body)
      yield* loop.look(workspace.id)
      return { event }
    })
  }
}
