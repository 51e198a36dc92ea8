/**
 * Being told: subscriptions of what concerns an agent, and waiting for the next message without asking again and again.
 */
import { Effect, Option, Stream } from "effect"
import { oneAgent } from "../agents/Addresses.ts"
import { madeBy } from "../agents/AgentProjection.ts"
import type { Agents } from "../agents/Agents.ts"
import { nearest } from "../agents/nearest.ts"
import { type Event, eventTypes } from "../contract/Event.ts"
import { DeadlineExceeded, InvalidParams, type StorageUnavailable } from "../contract/errors/Errors.ts"
import type { Caller, HandlersFor } from "../contract/Handler.ts"
import type { Params } from "../contract/Methods.ts"
import type { Interest } from "../contract/Subscription.ts"
import type { Events } from "../events/Events.ts"
import type { Subscriptions } from "../events/Subscriptions.ts"
import type { EventLog } from "../store/EventLog.ts"
import type { MessageStore } from "./MessageStore.ts"

export interface Telling {
  readonly agents: Agents["Service"]
  readonly events: Events["Service"]
  readonly log: EventLog["Service"]
  readonly store: MessageStore["Service"]
  readonly subscriptions: Subscriptions["Service"]
}

type TellingMethods = HandlersFor<"message.wait" | "subscribe" | "unsubscribe" | "subscriptions.list">

export const subscribeHandlers = ({ agents, events, log, store, subscriptions }: Telling): TellingMethods => {
  const named = Effect.fnUntraced(function* (workspace: string, address: string | undefined) {
    if (address === undefined) return {}
    return { agent: (yield* oneAgent(address, yield* agents.directory(workspace))).id }
  })

  return {
    subscribe: Effect.fnUntraced(function* (params: Params<"subscribe">, caller: Caller) {
      const { agent, workspace } = yield* agents.author(caller, params.directory)
      const { after, agent: address, directory: _directory, ...wanted } = params
      const unknown = params.types?.find((type) => !eventTypes.has(type))
      if (unknown !== undefined) {
        const near = nearest(unknown, eventTypes)
        const meant = near === null ? "message.sent is one" : `did you mean ${near}`
        return yield* new InvalidParams({
          field: "types",
          reason: `there are no events of type "${unknown}"; ${meant}`
        })
      }
      const about = yield* named(workspace, address)
      const silent = Object.keys(wanted).length === 0 && address === undefined
      const interest: Interest = { workspace, ...(silent ? { to: agent.id } : { ...wanted, ...about }) }
      return yield* subscriptions.start(caller, { after, interest })
    }),

    unsubscribe: ({ subscription }, caller) =>
      Effect.sync(() => ({ stopped: subscriptions.stop(caller, subscription) })),

    "subscriptions.list": (_, caller) => Effect.sync(() => ({ subscriptions: subscriptions.list(caller) })),

    "message.wait": Effect.fnUntraced(function* (params: Params<"message.wait">, caller: Caller) {
      const { agent, workspace } = yield* agents.author(caller, params.directory)
      const { after, directory: _directory, from, timeoutMs, ...wanted } = params
      const { agent: author } = yield* named(workspace, from)
      // Taken before the look at what is there: what arrives in between is then found by one or the other.
      const last = after ?? (yield* log.last)
      if (after === undefined) {
        const filter = { ...wanted, author, workspace, reader: agent.id, box: "inbox", limit: 1 } as const
        const [message] = (yield* store.list({ ...filter, unread: true, oldest: true })).messages
        if (message !== undefined) return { message, seq: last }
      }
      const interest: Interest = { workspace, to: agent.id, ...wanted }
      const next = everyEvent(events, last).pipe(
        Stream.filter(
          ({ body }) => body.type === "message.sent" && (author === undefined || body.author.id === author)
        ),
        Stream.filterEffect((event) => subscriptions.concerns(interest, event)),
        Stream.runHead,
        Effect.map(Option.getOrThrow)
      )
      const event =
        timeoutMs === undefined
          ? yield* next
          : yield* Effect.timeoutOrElse(next, {
              duration: timeoutMs,
              orElse: () => Effect.fail(new DeadlineExceeded({ what: "message.wait", ms: timeoutMs }))
            })
      const message = yield* store.get(workspace, madeBy("msg_", event), agent.id)
      return { message: message!, seq: event.seq }
    })
  }
}

/** What a watcher passes over when much happens at once is read as history, which is never too much: it may hold the message. */
const everyEvent = (events: Events["Service"], after: number): Stream.Stream<Event, StorageUnavailable> =>
  Stream.unwrap(
    Effect.map(events.watch(after), ({ items }) =>
      items.pipe(
        Stream.flatMap((item) =>
          item._tag === "event" ? Stream.succeed(item.event) : everyEvent(events, item.from - 1)
        )
      )
    )
  )
