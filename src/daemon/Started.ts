/** The daemon's start on record: before what it finds of sessions, and before anybody can ask. */
import { Effect, Layer } from "effect"
import { Self } from "../host/self/Self.ts"
import { EventLog } from "../store/EventLog.ts"

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const { pid, version } = yield* Self
    yield* (yield* EventLog).append({ type: "daemon.started", pid, version })
  })
)
