/**
 * Who the sessions act for, what they say to each other, and to those elsewhere.
 */
import { Effect, Layer } from "effect"
import { Agents } from "../../agents/Agents.ts"
import { Workspaces } from "../../agents/Workspaces.ts"
import { GitProcess } from "../../host/git/GitProcess.ts"
import { FdStore } from "../../host/service/FdStore.ts"
import { ServiceManager } from "../../host/service/ServiceManager.ts"
import { Messages } from "../../messages/Messages.ts"
import { ConfirmationStore } from "../../sync/ConfirmationStore.ts"
import * as GitTransport from "../../sync/GitTransport.ts"
import { Sync } from "../../sync/Sync.ts"
import { SyncLoop } from "../../sync/SyncLoop.ts"
import { SyncStore } from "../../sync/SyncStore.ts"

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
