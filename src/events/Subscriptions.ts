/**
 * Who is sent events as they happen: each subscription of each connection, what it lets through, and how far it has come.
 */
import { Clock, Context, Effect, Layer, Option, Stream } from "effect"
import type { Event } from "../contract/Event.ts"
import type { Caller } from "../contract/Handler.ts"
import type { Result } from "../contract/Methods.ts"
import type { Interest } from "../contract/Subscription.ts"
import { Handover } from "../host/self/Handover.ts"
import { EventLog } from "../store/EventLog.ts"
import { Events, type Watched } from "./Events.ts"
import { aboutMessages, concerns } from "./Interest.ts"

export interface SubscribeOptions {
  /** Begin after this sequence number; without it, with what is new. */
  readonly after?: number | undefined
  /** Null: every event. */
  readonly interest: Interest | null
  /** Its name, when it goes on. */
  readonly goesOn?: string
}

type Listed = Result<"subscriptions.list">["subscriptions"][number]

export class Subscriptions extends Context.Service<
  Subscriptions,
  {
    readonly start: (
      caller: Caller,
      options: SubscribeOptions
    ) => Effect.Effect<{ readonly subscription: string; readonly after: number }>
    /** False when this caller has no such subscription. */
    readonly stop: (caller: Caller, subscription: string) => boolean
    readonly list: (caller: Caller) => ReadonlyArray<Listed>
    /** Is this event one that somebody with this interest is told of? */
    readonly concerns: (interest: Interest, event: Event) => Effect.Effect<boolean>
    /** How many have been made: the next one's name follows. */
    readonly made: () => number
  }
>()("agentd/events/Subscriptions") {
  static readonly layer = Layer.effect(
    Subscriptions,
    Effect.gen(function* () {
      const events = yield* Events
      const log = yield* EventLog
      let made = (yield* Handover).received?.subscriptions ?? 0
      const running = new Map<string, Running>()

      const isConcerned = Effect.fnUntraced(function* (interest: Interest, event: Event) {
        if (event.body.type === "message.sent") {
          return concerns(interest, event, [{ id: messageOf(event), body: event.body }])
        }
        // Without its message nobody can say what an edit is about; that costs a look only for subscriptions that ask.
        const ids = needsMessages(interest) ? aboutMessages(event) : []
        const found = yield* Effect.forEach(ids, (id) => Effect.orElseSucceed(log.find(id), () => Option.none<Event>()))
        const sent = found.flatMap((one) =>
          Option.isSome(one) && one.value.body.type === "message.sent"
            ? [{ id: messageOf(one.value), body: one.value.body }]
            : []
        )
        return concerns(interest, event, sent)
      })

      return {
        made: () => made,
        concerns: isConcerned,
        start: Effect.fnUntraced(function* (caller: Caller, { after, goesOn, interest }: SubscribeOptions) {
          const watch = yield* events.watch(after)
          if (goesOn === undefined) made += 1
          const subscription = goesOn ?? `sub_${made}`
          const reached = (after: number) => () => void caller.positions.set(subscription, { after, interest })
          reached(watch.after)()
          const tell = (item: Watched) =>
            interest === null || item._tag === "gap"
              ? push(caller, subscription, item, reached)
              : Effect.flatMap(isConcerned(interest, item.event), (is) =>
                  is ? push(caller, subscription, item, reached) : Effect.void
                )
          const fiber = yield* Effect.forkIn(
            Stream.runForEach(watch.items, tell).pipe(
              Effect.tapError((error) => Effect.logError(`${subscription} is told nothing more: ${error.message}`))
            ),
            caller.scope
          )
          const since = yield* Clock.currentTimeMillis
          running.set(subscription, { caller, interest, since, stop: () => fiber.interruptUnsafe() })
          fiber.addObserver(() => {
            running.delete(subscription)
            caller.positions.delete(subscription)
          })
          return { subscription, after: watch.after }
        }),
        stop: (caller, subscription) => {
          const found = running.get(subscription)
          if (found === undefined || !isSame(found.caller, caller)) return false
          found.stop()
          return true
        },
        list: (caller) =>
          [...running].map(([subscription, one]) => ({
            subscription,
            interest: one.interest,
            after: one.caller.positions.get(subscription)?.after ?? 0,
            since: one.since,
            pid: one.caller.peer.pid,
            session: one.caller.peer.session,
            own: isSame(one.caller, caller)
          }))
      }
    })
  )
}

interface Running {
  readonly caller: Caller
  readonly interest: Interest | null
  readonly since: number
  readonly stop: () => void
}

/** One connection is one caller, also where a request was asked again. */
const isSame = (one: Caller, other: Caller) => one.positions === other.positions

const needsMessages = ({ agent, mention, scope, thread }: Interest) =>
  agent !== undefined || mention !== undefined || scope !== undefined || thread !== undefined

const messageOf = ({ id }: Pick<Event, "id">) => `msg_${id.slice("evt_".length)}`

const push = (caller: Caller, subscription: string, item: Watched, reached: (after: number) => () => void) =>
  item._tag === "event"
    ? caller.notify("event", { subscription, event: item.event }, reached(item.event.seq))
    : caller.notify("event.gap", { subscription, from: item.from, to: item.to }, reached(item.to))
