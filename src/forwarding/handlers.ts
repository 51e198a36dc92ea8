/**
 * Requests about what goes between machines: all that the daemon does is to write it down.
 */
import { Effect } from "effect"
import type { HandlersFor } from "../contract/Handler.ts"
import { EventLog } from "../store/EventLog.ts"

export const forwardingHandlers: Effect.Effect<HandlersFor<"forwarding.record">, never, EventLog> = Effect.map(
  EventLog,
  (log) => ({
    "forwarding.record": ({ what }, { peer }) =>
      Effect.map(log.append({ ...what, by: peer.session }), ({ seq }) => ({ seq }))
  })
)
