/**
 * A session without a daemon, for CI jobs and containers that live for one command: the same services in the caller's own
 * process, spoken to over a stream in memory as over the socket.
 *
 * What it records has the layout of a daemon's state directory, so that a daemon can take it in later (`session.import`).
 */
import { accessSync, constants, mkdirSync, mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Duplex, duplexPair } from "node:stream"
import { Effect, Exit, Layer, Scope } from "effect"
import { Backups } from "../backup/Backups.ts"
import { Connection } from "../doors/Connection.ts"
import { Connections } from "../doors/Connections.ts"
import { Dispatcher } from "../doors/Dispatcher.ts"
import { Directories, decidePlaces, type Places } from "../host/files/Directories.ts"
import { Self } from "../host/self/Self.ts"
import { Meters } from "../telemetry/Meters.ts"
import * as handlers from "./handlers.ts"
import { Lifecycle } from "./Lifecycle.ts"
import { jsonLog, type LogThreshold, logging } from "./Logging.ts"
import { HostServices } from "./layers/Host.ts"
import { SessionManager } from "./layers/SessionManager.ts"
import { Configuration, Stores } from "./layers/Stores.ts"
import { Talk } from "./layers/Talk.ts"
import { Reload } from "./Reload.ts"

export interface Standalone {
  /** Opens a stream that speaks the protocol of the daemon's socket; any number of them. */
  readonly connect: () => Promise<Duplex>
  /** Where the transcript and the event log are. */
  readonly directory: string
  /** Ends what still runs and completes the records. */
  readonly close: () => Promise<void>
}

/** Only what goes wrong is told: standard error belongs to the program that is run. */
const threshold: LogThreshold = { current: "warn" }

/** Opens the services. `directory`: where to record; by default a new one beside a daemon's state, or a temporary one. */
export const openStandalone = (directory?: string): Promise<Standalone> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { config, state } = yield* decidePlaces
      const place = yield* Effect.sync(() => directory ?? newDirectory(join(state, "standalone")))
      const places: Places = {
        runtime: place,
        state: place,
        config,
        socket: join(place, "api.sock"),
        lock: join(place, "agentd.lock"),
        pidFile: join(place, "agentd.pid"),
        database: join(place, "agentd.db"),
        backups: join(place, "backups"),
        transcripts: join(place, "transcripts")
      }
      const services = yield* Layer.build(InProcess(places)).pipe(Scope.provide(scope))
      return {
        connect: () => Effect.runPromise(Effect.provide(connect, services)),
        directory: place,
        close: () => Effect.runPromise(Scope.close(scope, Exit.void))
      }
    }).pipe(Effect.provide(log))
  )

const log = logging(
  threshold,
  jsonLog((line) => void process.stderr.write(line))
)

const InProcess = (places: Places) =>
  Dispatcher.layer.pipe(
    Layer.provide(handlers.layer),
    Layer.provideMerge(Layer.merge(Talk, Backups.layer)),
    Layer.provideMerge(SessionManager),
    Layer.provideMerge(Stores),
    Layer.provideMerge(Connections.layer),
    Layer.provideMerge(Meters.layer),
    Layer.provideMerge(Reload.layer(threshold)),
    Layer.provideMerge(Lifecycle.layer(true)),
    Layer.provideMerge(Configuration),
    Layer.provideMerge(HostServices),
    Layer.provideMerge(Layer.succeed(Directories, places))
  )

const connect = Effect.gen(function* () {
  const { pid, uid } = yield* Self
  const [near, far] = duplexPair()
  const dispatcher = yield* Dispatcher
  new Connection(far, { uid, pid, session: null }, dispatcher, () => {})
  return near
})

/** A read-only home or none at all must not keep a job from running. */
const newDirectory = (parent: string): string => {
  try {
    mkdirSync(parent, { recursive: true, mode: 0o700 })
    accessSync(parent, constants.W_OK)
    return mkdtempSync(join(parent, "run-"))
  } catch {
    return mkdtempSync(join(tmpdir(), "agentd-run-"))
  }
}
