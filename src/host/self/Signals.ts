/**
 * Signals this process receives, as a stream of names.
 */
import { Context, Effect, Layer, Queue, Stream } from "effect"

export class Signals extends Context.Service<
  Signals,
  {
    /** The first of each wakes the consumer; nothing is done by default once somebody listens (signal(7)). */
    readonly received: (names: ReadonlyArray<NodeJS.Signals>) => Stream.Stream<NodeJS.Signals>
  }
>()("agentd/host/Signals") {
  static readonly layer = Layer.succeed(Signals, {
    received: (names) =>
      Stream.callback<NodeJS.Signals>((queue) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const listener = (name: NodeJS.Signals) => void Queue.offerUnsafe(queue, name)
            for (const name of names) process.on(name, listener)
            return listener
          }),
          (listener) =>
            Effect.sync(() => {
              for (const name of names) process.off(name, listener)
            })
        )
      )
  })
}
