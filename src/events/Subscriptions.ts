/**
 * Who is sent events as they happen: each subscription of each connection, and how far it has come.
 */
import { Context, Effect, Layer, Stream } from "effect"
import type { Caller } from "../contract/Handler.ts"
import { Handover } from "../host/Handover.ts"
import { Events, type Watched } from "./Events.ts"

export class Subscriptions extends Context.Service<
  Subscriptions,
  {
    /** Sends everything after a sequence number; without one, only what is new. `subscription`: its name, when it goes on. */
    readonly start: (
      caller: Caller,
      after?: number,
      subscription?: string
    ) => Effect.Effect<{ readonly subscription: string; readonly after: number }>
    /** False when this caller has no such subscription. */
    readonly stop: (caller: Caller, subscription: string) => boolean
    /** How many have been made: the next one's name follows. */
    readonly made: () => number
  }
>()("agentd/events/Subscriptions") {
  static readonly layer = Layer.effect(
    Subscriptions,
    Effect.gen(function* () {
      const events = yield* Events
      let made = (yield* Handover).received?.subscriptions ?? 0
      const running = new Map<string, { readonly caller: Caller; readonly stop: () => void }>()
      return {
        made: () => made,
        start: Effect.fnUntraced(function* (caller: Caller, after?: number, goesOn?: string) {
          const watch = yield* events.watch(after)
          if (goesOn === undefined) made += 1
          const subscription = goesOn ?? `sub_${made}`
          caller.positions.set(subscription, watch.after)
          const fiber = yield* Effect.forkIn(
            Stream.runForEach(watch.items, (item) => push(caller, subscription, item)).pipe(
              Effect.tapError((error) => Effect.logError(`${subscription} is told nothing more: ${error.message}`))
            ),
            caller.scope
          )
          running.set(subscription, { caller, stop: () => fiber.interruptUnsafe() })
          fiber.addObserver(() => {
            running.delete(subscription)
            caller.positions.delete(subscription)
          })
          return { subscription, after: watch.after }
        }),
        stop: (caller, subscription) => {
          const found = running.get(subscription)
          if (found?.caller !== caller) return false
          found.stop()
          return true
        }
      }
    })
  )
}

const push = (caller: Caller, subscription: string, item: Watched) => {
  const sent = (after: number) => () => void caller.positions.set(subscription, after)
  return item._tag === "event"
    ? caller.notify("event", { subscription, event: item.event }, sent(item.event.seq))
    : caller.notify("event.gap", { subscription, from: item.from, to: item.to }, sent(item.to))
}
