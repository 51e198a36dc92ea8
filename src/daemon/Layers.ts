/**
 * What the daemon is made of, and what is built on what: read from the bottom up, it is the order in which it starts. What each part is made
 * of in turn stands in `layers/`.
 */
import { Layer } from "effect"
import * as Restored from "../backup/Restored.ts"
import * as Scheduling from "../backup/Scheduling.ts"
import * as EventMeters from "../telemetry/EventMeters.ts"
import { Meters } from "../telemetry/Meters.ts"
import * as RequestMeter from "../telemetry/RequestMeter.ts"
import * as SessionStories from "../telemetry/SessionStories.ts"
import * as Exporting from "./Exporting.ts"
import * as Gauges from "./Gauges.ts"
import { Lifecycle } from "./Lifecycle.ts"
import { type LogThreshold, passing } from "./Logging.ts"
import { Doors } from "./layers/Doors.ts"
import { Host } from "./layers/Host.ts"
import { SessionManager } from "./layers/SessionManager.ts"
import { configured, Lock, Stores } from "./layers/Stores.ts"
import { Reload } from "./Reload.ts"
import * as Scraping from "./Scraping.ts"
import * as Started from "./Started.ts"

export interface DaemonOptions {
  readonly ephemeral: boolean
  readonly localOnly: boolean
  readonly threshold: LogThreshold
}

export const Daemon = ({ ephemeral, localOnly, threshold }: DaemonOptions) =>
  // What it does by itself, once everything can be asked.
  Layer.mergeAll(Gauges.layer, Scraping.layer, Scheduling.layer).pipe(
    Layer.provideMerge(Doors),
    Layer.provideMerge(SessionManager),
    Layer.provideMerge(RequestMeter.layer),
    Layer.provideMerge(Started.layer),
    // Before the sessions, so that it hears of those that are taken over.
    Layer.provideMerge(Layer.mergeAll(SessionStories.layer, EventMeters.layer, Restored.layer)),
    Layer.provideMerge(Stores),
    // How it is told to read its configuration again, and to leave.
    Layer.provideMerge(Reload.layer(threshold)),
    Layer.provideMerge(Lifecycle.layer(ephemeral)),
    // What is told of all that follows.
    Layer.provideMerge(Exporting.layer(passing(threshold))),
    Layer.provideMerge(Meters.layer),
    Layer.provideMerge(configured(localOnly ? { "sync.local_only": "always" } : {})),
    Layer.provideMerge(Lock),
    Layer.provideMerge(Host)
  )
