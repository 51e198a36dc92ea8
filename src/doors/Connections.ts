/**
 * How many clients are connected. Made before the doors that count them, because requests ask for it too.
 */
import { Context, Effect, Layer, SubscriptionRef } from "effect"

export class Connections extends Context.Service<
  Connections,
  { readonly count: SubscriptionRef.SubscriptionRef<number> }
>()("agentd/doors/Connections") {
  static readonly layer = Layer.effect(
    Connections,
    Effect.map(SubscriptionRef.make(0), (count) => ({ count }))
  )
}
