/**
 * The door: who is asking, what every request leads to, and how connections go on that the version before had.
 */
import { Effect, Layer } from "effect"
import { Backups } from "../../backup/Backups.ts"
import { Connections } from "../../doors/Connections.ts"
import { Dispatcher } from "../../doors/Dispatcher.ts"
import { Continuation, SessionOfProcess, UnixSocket } from "../../doors/UnixSocket.ts"
import { Subscriptions } from "../../events/Subscriptions.ts"
import { Sessions } from "../../sessions/Sessions.ts"
import * as handlers from "../handlers.ts"
import { Talk } from "./Talk.ts"

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
