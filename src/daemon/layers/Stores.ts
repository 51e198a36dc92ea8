/**
 * What is kept: the lock on it, the configuration that says how, the event log and what is derived from it.
 */
import { Effect, Layer } from "effect"
import { agentProjection } from "../../agents/AgentProjection.ts"
import { AgentStore } from "../../agents/AgentStore.ts"
import { BackupStore, backupProjection } from "../../backup/BackupStore.ts"
import * as Restored from "../../backup/Restored.ts"
import type { Flags } from "../../config/Environment.ts"
import { systemRoots } from "../../config/Files.ts"
import { Settings } from "../../config/Settings.ts"
import { Events } from "../../events/Events.ts"
import { Subscriptions } from "../../events/Subscriptions.ts"
import { Directories } from "../../host/files/Directories.ts"
import { FileLock } from "../../host/files/FileLock.ts"
import { Handover } from "../../host/self/Handover.ts"
import { Self } from "../../host/self/Self.ts"
import { messageProjection } from "../../messages/MessageProjection.ts"
import { MessageStore } from "../../messages/MessageStore.ts"
import { SessionStore, sessionProjection } from "../../sessions/SessionStore.ts"
import { EventLog } from "../../store/EventLog.ts"
import { Sqlite } from "../../store/Sqlite.ts"

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

export const configured = (flags: Flags) =>
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
