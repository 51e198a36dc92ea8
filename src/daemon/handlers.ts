/**
 * Requests about the daemon itself, its configuration and its events; with the sessions' own they make up the contract.
 */
import { Effect, Layer, SubscriptionRef } from "effect"
import { Agents } from "../agents/Agents.ts"
import type { BackupStore } from "../backup/BackupStore.ts"
import { Backups } from "../backup/Backups.ts"
import { Settings } from "../config/Settings.ts"
import { Conflict, Draining, NotAllowed, ProtocolVersion } from "../contract/errors/Errors.ts"
import type { Caller, Handler, Handlers } from "../contract/Handler.ts"
import { HOME } from "../contract/Identity.ts"
import { PROTOCOL_MAX, PROTOCOL_MIN } from "../contract/Limits.ts"
import type { MethodName, Result } from "../contract/Methods.ts"
import { Connections } from "../doors/Connections.ts"
import { Requests } from "../doors/Dispatcher.ts"
import { openRpcDocument } from "../doors/OpenRpc.ts"
import { Events } from "../events/Events.ts"
import { Subscriptions } from "../events/Subscriptions.ts"
import { forwardingHandlers } from "../forwarding/handlers.ts"
import { Directories } from "../host/files/Directories.ts"
import type { ProcessTable } from "../host/processes/ProcessTable.ts"
import { Handover } from "../host/self/Handover.ts"
import { Self } from "../host/self/Self.ts"
import type { FdStore } from "../host/service/FdStore.ts"
import { Messages } from "../messages/Messages.ts"
import { Launcher } from "../sessions/launching/Launcher.ts"
import type { LiveSessions } from "../sessions/life/LiveSessions.ts"
import { callerOf } from "../sessions/reach/Access.ts"
import type { SessionStore } from "../sessions/SessionStore.ts"
import { Sessions } from "../sessions/Sessions.ts"
import { EventLog } from "../store/EventLog.ts"
import type { Sqlite } from "../store/Sqlite.ts"
import { Sync } from "../sync/Sync.ts"
import type { Meters } from "../telemetry/Meters.ts"
import { examine } from "./Doctor.ts"
import { Lifecycle } from "./Lifecycle.ts"
import { metrics } from "./Metrics.ts"
import { Reload } from "./Reload.ts"

/** What this build can do beyond the protocol's version. */
const FEATURES = ["attach.resume", "attach.bytes", "event.watch", "session.import"] as const

export const layer = Layer.effect(
  Requests,
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const agents = yield* Agents
    const messages = yield* Messages
    const sync = yield* Sync
    const backups = yield* Backups
    const events = yield* Events
    const subscriptions = yield* Subscriptions
    const self = yield* Self
    const context = yield* Effect.context<Needs>()
    const provide = <A, E>(effect: Effect.Effect<A, E, Needs>) => Effect.provide(effect, context)
    const lifecycle = yield* Lifecycle
    /** What begins something new is refused once the daemon has begun to end what there is. */
    const unlessDraining =
      <M extends MethodName>(handler: Handler<M>): Handler<M> =>
      (params, caller) =>
        lifecycle.draining()
          ? Effect.flatMap(lifecycle.stopping, (reason) => Effect.fail(new Draining({ reason })))
          : handler(params, caller)
    /** What is kept decides what programs in sessions may do: none of them replaces it, or has other places read. */
    const byPerson = ({ peer }: Caller) =>
      Effect.flatMap(provide(callerOf(peer)), (session) =>
        session === null
          ? Effect.void
          : Effect.fail(new NotAllowed({ reason: "only a person does this: ask from outside of all sessions." }))
      )
    /** The workspace whose events a program in a session hears of; null: all, for people and who may reach all sessions. */
    const standsIn = Effect.fnUntraced(function* (caller: Caller) {
      const session = yield* provide(callerOf(caller.peer))
      if (session === null || session.access === "all") return null
      return (yield* agents.identify(caller)).place.workspace?.id ?? HOME
    })
    let document: Result<"rpc.discover"> | undefined

    const requests: Handlers = {
      ...sessions.requests,
      ...agents.requests,
      ...messages.requests,
      ...(yield* forwardingHandlers),
      ...sync.requests,
      ...backups.requests,
      "session.start": unlessDraining((params, caller) =>
        params.agent === undefined
          ? sessions.requests["session.start"](params, caller)
          : Effect.flatMap(agents.forStart(params, caller), (agent) => sessions.startAs(params, agent, caller))
      ),
      "session.resume": unlessDraining(sessions.requests["session.resume"]),
      "session.import": unlessDraining(sessions.requests["session.import"]),
      "backup.create": unlessDraining(backups.requests["backup.create"]),
      "backup.list": (params, caller) =>
        Effect.andThen(
          params.from === undefined ? Effect.void : byPerson(caller),
          backups.requests["backup.list"](params, caller)
        ),
      "backup.verify": (params, caller) =>
        Effect.andThen(
          params.from === undefined ? Effect.void : byPerson(caller),
          backups.requests["backup.verify"](params, caller)
        ),
      "backup.restore": unlessDraining((params, caller) =>
        Effect.andThen(
          byPerson(caller),
          backups.restore(params, { live: sessions.names, stop: lifecycle.stop("backup.restore") })
        )
      ),
      hello: ({ features = [], protocol = { min: PROTOCOL_MIN, max: PROTOCOL_MIN } }, { peer }) =>
        protocol.min > PROTOCOL_MAX || protocol.max < PROTOCOL_MIN || protocol.min > protocol.max
          ? Effect.fail(
              new ProtocolVersion({ min: PROTOCOL_MIN, max: PROTOCOL_MAX, asked: `${protocol.min} to ${protocol.max}` })
            )
          : Effect.succeed({
              protocol: Math.min(PROTOCOL_MAX, protocol.max),
              server: { name: "agentd", version: self.version },
              features: FEATURES.filter((feature) => features.includes(feature)),
              peer: { uid: peer.uid, pid: peer.pid, session: peer.session }
            }),
      health: ({ echo }) => Effect.succeed(echo === undefined ? { ok: true } : { ok: true, echo }),
      "rpc.discover": () =>
        Effect.sync(() => (document ??= openRpcDocument(self.version) as unknown as Result<"rpc.discover">)),
      "daemon.status": () => provide(status),
      "daemon.reload": () => provide(Effect.flatMap(Reload, (reload) => reload)),
      "daemon.shutdown": (params) => provide(shutdown(params)),
      "daemon.restart": unlessDraining((_, { again }) => provide(restart(again))),
      "daemon.doctor": () => provide(Effect.map(examine, (findings) => ({ findings }))),
      "daemon.metrics": (params, caller) => provide(metrics(params, sessions, caller)),
      "config.show": () => provide(Effect.flatMap(Settings, ({ show }) => show)),
      "event.list": (params, caller) => Effect.flatMap(standsIn(caller), (workspace) => events.list(params, workspace)),
      "event.watch": ({ after }, caller) =>
        Effect.flatMap(standsIn(caller), (workspace) =>
          subscriptions.start(caller, { after, interest: workspace === null ? null : { workspace, others: true } })
        ),
      "event.unwatch": ({ subscription }, caller) =>
        Effect.sync(() => ({ stopped: subscriptions.stop(caller, subscription) }))
    }
    return requests
  })
)

type Needs =
  | BackupStore
  | Connections
  | Directories
  | EventLog
  | FdStore
  | Handover
  | Launcher
  | Lifecycle
  | LiveSessions
  | Meters
  | ProcessTable
  | Reload
  | Self
  | Sessions
  | SessionStore
  | Settings
  | Sqlite

/** Under the version before it was asked; this is the one it was asked for. */
const restart = Effect.fnUntraced(function* (again: boolean) {
  const { received } = yield* Handover
  const { pid, version } = yield* Self
  if (again && received !== null) return { pid, version, previous: received.version }
  return yield* (yield* Lifecycle).restart
})

const status = Effect.gen(function* () {
  const self = yield* Self
  const lifecycle = yield* Lifecycle
  const { runtime, socket, state } = yield* Directories
  const { files } = yield* (yield* Settings).show
  return {
    version: self.version,
    pid: self.pid,
    startedAt: lifecycle.startedAt,
    executable: self.executable,
    node: self.node,
    socket,
    stateDirectory: state,
    runtimeDirectory: runtime,
    configFiles: files.filter(({ exists }) => exists).map(({ path }) => path),
    launcher: (yield* Launcher).kind,
    outliveStop: yield* (yield* Launcher).outlivesStop,
    ephemeral: lifecycle.ephemeral,
    draining: lifecycle.draining(),
    sessions: yield* (yield* Sessions).count,
    connections: SubscriptionRef.getUnsafe((yield* Connections).count),
    lastSeq: yield* (yield* EventLog).last,
    memory: self.memory()
  }
})

const shutdown = Effect.fnUntraced(function* ({
  ifIdle,
  reason
}: {
  readonly reason: string
  readonly ifIdle?: boolean
}) {
  const names = (yield* Sessions).names()
  const others = SubscriptionRef.getUnsafe((yield* Connections).count) - 1
  if (ifIdle === true && (names.length > 0 || others > 0)) {
    const why = names.length > 0 ? `sessions live: ${names.join(", ")}` : `${others} other clients are connected`
    return yield* new Conflict({ reason: `The daemon is in use: ${why}.` })
  }
  const outlive = yield* (yield* Launcher).outlivesStop
  yield* (yield* Lifecycle).stop(reason)
  return { ending: outlive ? [] : names }
})
