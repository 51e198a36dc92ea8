/**
 * Sessions: how they are launched, who looks after them, and what can be asked of them.
 */
import { Effect, Layer } from "effect"
import { ExitRecords } from "../../host/service/ExitRecords.ts"
import { FdStore } from "../../host/service/FdStore.ts"
import { ServiceManager } from "../../host/service/ServiceManager.ts"
import * as DirectLauncher from "../../sessions/launching/DirectLauncher.ts"
import type { Launcher } from "../../sessions/launching/Launcher.ts"
import * as SystemdLauncher from "../../sessions/launching/SystemdLauncher.ts"
import { LiveSessions } from "../../sessions/life/LiveSessions.ts"
import { Supervisor } from "../../sessions/life/Supervisor.ts"
import { Sessions } from "../../sessions/Sessions.ts"
import { Histories } from "../../sessions/screen/Histories.ts"
import { Screens } from "../../sessions/screen/Screens.ts"
import { States } from "../../sessions/state/States.ts"
import { Recordings } from "../../sessions/transcript/Recordings.ts"

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
