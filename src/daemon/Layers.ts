/**
 * What the daemon is made of, and what is built on what: read from the bottom up, it is the order in which it starts.
 */
import { Effect, Layer } from "effect"
import { agentProjection } from "../agents/AgentProjection.ts"
import { AgentStore } from "../agents/AgentStore.ts"
import { Agents } from "../agents/Agents.ts"
import { Workspaces } from "../agents/Workspaces.ts"
import { BackupStore, backupProjection } from "../backup/BackupStore.ts"
import { Backups } from "../backup/Backups.ts"
import * as Restored from "../backup/Restored.ts"
import * as Scheduling from "../backup/Scheduling.ts"
import type { Flags } from "../config/Environment.ts"
import { systemRoots } from "../config/Files.ts"
import { Settings } from "../config/Settings.ts"
import { Connections } from "../doors/Connections.ts"
import { Dispatcher } from "../doors/Dispatcher.ts"
import { Continuation, SessionOfProcess, UnixSocket } from "../doors/UnixSocket.ts"
import { Events } from "../events/Events.ts"
import { Subscriptions } from "../events/Subscriptions.ts"
import { Boot } from "../host/Boot.ts"
import { Directories } from "../host/files/Directories.ts"
import { FileLock } from "../host/files/FileLock.ts"
import * as FileSystem from "../host/files/FileSystem.ts"
import { Git } from "../host/git/Git.ts"
import { GitProcess } from "../host/git/GitProcess.ts"
import { ControlGroups } from "../host/processes/ControlGroups.ts"
import { ProcessTable } from "../host/processes/ProcessTable.ts"
import { Programs } from "../host/processes/Programs.ts"
import { InputPipes } from "../host/pty/InputPipe.ts"
import { Pty } from "../host/pty/Pty.ts"
import { Environment } from "../host/self/Environment.ts"
import { Handover } from "../host/self/Handover.ts"
import { Memory } from "../host/self/Memory.ts"
import { Self } from "../host/self/Self.ts"
import { Signals } from "../host/self/Signals.ts"
import { ExitRecords } from "../host/service/ExitRecords.ts"
import { FdStore } from "../host/service/FdStore.ts"
import { Notify } from "../host/service/Notify.ts"
import { ServiceManager } from "../host/service/ServiceManager.ts"
import { PeerCredentials } from "../host/sockets/PeerCredentials.ts"
import { messageProjection } from "../messages/MessageProjection.ts"
import { MessageStore } from "../messages/MessageStore.ts"
import { Messages } from "../messages/Messages.ts"
import * as DirectLauncher from "../sessions/launching/DirectLauncher.ts"
import type { Launcher } from "../sessions/launching/Launcher.ts"
import * as SystemdLauncher from "../sessions/launching/SystemdLauncher.ts"
import { LiveSessions } from "../sessions/life/LiveSessions.ts"
import { Supervisor } from "../sessions/life/Supervisor.ts"
import { SessionStore, sessionProjection } from "../sessions/SessionStore.ts"
import { Sessions } from "../sessions/Sessions.ts"
import { Histories } from "../sessions/screen/Histories.ts"
import { Screens } from "../sessions/screen/Screens.ts"
import { States } from "../sessions/state/States.ts"
import { Recordings } from "../sessions/transcript/Recordings.ts"
import { EventLog } from "../store/EventLog.ts"
import { Sqlite } from "../store/Sqlite.ts"
import { ConfirmationStore } from "../sync/ConfirmationStore.ts"
import * as GitTransport from "../sync/GitTransport.ts"
import { Sync } from "../sync/Sync.ts"
import { SyncLoop } from "../sync/SyncLoop.ts"
import { SyncStore } from "../sync/SyncStore.ts"
import * as EventMeters from "../telemetry/EventMeters.ts"
import { Meters } from "../telemetry/Meters.ts"
import * as RequestMeter from "../telemetry/RequestMeter.ts"
import * as SessionStories from "../telemetry/SessionStories.ts"
import * as Exporting from "./Exporting.ts"
import * as Gauges from "./Gauges.ts"
import * as handlers from "./handlers.ts"
import { Lifecycle } from "./Lifecycle.ts"
import { type LogThreshold, passing } from "./Logging.ts"
import { Reload } from "./Reload.ts"
import * as Scraping from "./Scraping.ts"
import * as Started from "./Started.ts"

/** What the operating system gives. */
export const HostServices = Layer.mergeAll(
  ControlGroups.layer,
  Boot.layer,
  Environment.layer,
  FdStore.layer,
  FileLock.layer,
  Git.layer,
  Handover.layer,
  InputPipes.layer,
  Memory.layer,
  Notify.layer,
  PeerCredentials.layer,
  ProcessTable.layer,
  Programs.layer,
  Pty.layer,
  Self.layer,
  Signals.layer,
  FileSystem.layer
)

/** The same with this user's own directories. */
export const Host = HostServices.pipe(Layer.provideMerge(Directories.layer))

/**
 * One daemon for one state directory: taken before anything of it is touched, held for life. A backup that is to be put back
 * replaces what is there before anybody reads it.
 */
export const Lock = Layer.effectDiscard(
  Effect.gen(function* () {
    const { lock } = yield* Directories
    yield* (yield* FileLock).acquire(lock, (yield* Handover).received?.lock)
    yield* Restored.putInPlace
  })
)

const configured = (flags: Flags) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { config } = yield* Directories
      const { uid } = yield* Self
      return Settings.layer({ roots: { ...systemRoots, user: config, uid }, flags })
    })
  )

export const Configuration = configured({})

/** The event log, what is derived from it, and who may ask. */
export const Stores = Layer.mergeAll(
  Subscriptions.layer,
  SessionStore.layer,
  AgentStore.layer,
  MessageStore.layer,
  BackupStore.layer
).pipe(
  Layer.provideMerge(Events.layer),
  Layer.provideMerge(EventLog.layer([sessionProjection, agentProjection, messageProjection, backupProjection])),
  Layer.provideMerge(
    Layer.unwrap(Effect.map(Directories, ({ backups, database }) => Sqlite.layer({ file: database, backups })))
  )
)

/** Sessions are services of their own where systemd keeps this daemon's descriptors; elsewhere they are its children. */
const Launching = Layer.unwrap(
  Effect.map(
    FdStore,
    ({ available }): Layer.Layer<Launcher, never, LaunchNeeds> => (available ? bySystemd : DirectLauncher.layer)
  )
)
const bySystemd = SystemdLauncher.layer.pipe(Layer.provide(Layer.merge(ServiceManager.systemd, ExitRecords.layer)))
type LaunchNeeds = Layer.Services<typeof bySystemd> | Layer.Services<typeof DirectLauncher.layer>

export const SessionManager = Sessions.layer.pipe(
  Layer.provideMerge(Supervisor.layer),
  Layer.provideMerge(
    Layer.mergeAll(LiveSessions.layer, Recordings.layer, Screens.layer, Histories.layer, States.layer, Launching)
  )
)

/** What needs a network is done outside of the daemon's own sandbox, where there is one. */
const GitRunning = Layer.unwrap(
  Effect.map(FdStore, ({ available }) =>
    available ? GitProcess.asService.pipe(Layer.provide(ServiceManager.systemd)) : GitProcess.direct
  )
)

/** How what is said reaches other installations. */
const Synchronisation = Sync.layer.pipe(
  Layer.provideMerge(SyncLoop.layer),
  Layer.provide(
    Layer.mergeAll(SyncStore.layer, ConfirmationStore.layer, GitTransport.layer.pipe(Layer.provide(GitRunning)))
  )
)

/** Who the sessions act for, what they say to each other, and to those elsewhere. */
export const Talk = Layer.merge(Messages.layer, Synchronisation).pipe(
  Layer.provideMerge(Agents.layer),
  Layer.provideMerge(Workspaces.layer)
)

const WhoIsAsking = Layer.effect(
  SessionOfProcess,
  Effect.map(Sessions, ({ ofProcess }) => ofProcess)
)

const GoingOn = Layer.effect(
  Continuation,
  Effect.gen(function* () {
    const { reattach } = yield* Sessions
    const { start } = yield* Subscriptions
    return {
      attach: reattach,
      watch: (caller, subscription, after, interest) => start(caller, { after, interest, goesOn: subscription })
    }
  })
)

export const Doors = UnixSocket.layer.pipe(
  Layer.provide(Layer.mergeAll(Dispatcher.layer, WhoIsAsking, GoingOn)),
  Layer.provide(handlers.layer),
  Layer.provideMerge(Layer.merge(Talk, Backups.layer)),
  Layer.provideMerge(Connections.layer)
)

export interface DaemonOptions {
  readonly ephemeral: boolean
  readonly localOnly: boolean
  readonly threshold: LogThreshold
}

export const Daemon = ({ ephemeral, localOnly, threshold }: DaemonOptions) =>
  Layer.mergeAll(Gauges.layer, Scraping.layer, Scheduling.layer).pipe(
    Layer.provideMerge(Doors),
    Layer.provideMerge(SessionManager),
    Layer.provideMerge(RequestMeter.layer),
    Layer.provideMerge(Started.layer),
    // Before the sessions, so that it hears of those that are taken over.
    Layer.provideMerge(Layer.mergeAll(SessionStories.layer, EventMeters.layer, Restored.layer)),
    Layer.provideMerge(Stores),
    Layer.provideMerge(Reload.layer(threshold)),
    Layer.provideMerge(Lifecycle.layer(ephemeral)),
    Layer.provideMerge(Exporting.layer(passing(threshold))),
    Layer.provideMerge(Meters.layer),
    Layer.provideMerge(configured(localOnly ? { "sync.local_only": "always" } : {})),
    Layer.provideMerge(Lock),
    Layer.provideMerge(Host)
  )
