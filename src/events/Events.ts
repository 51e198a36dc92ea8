/**
 * Events for those who ask: pages of the log, and a live feed that begins where the reader left off.
 *
 * A watcher is a cursor that reads the log and waits for it to grow, so nothing can fall between history and live, and a
 * slow one costs no memory.
 */
import { Context, Effect, Layer, Option, Stream } from "effect"
import type { Event, ListEventsParams, ListEventsResult } from "../contract/Event.ts"
import type { StorageUnavailable } from "../contract/errors/Errors.ts"
import { MAX_EVENTS, MAX_LINE_BYTES, MAX_WATCH_BACKLOG } from "../contract/Limits.ts"
import { EventLog } from "../store/EventLog.ts"

/** Bytes of events one answer carries, so that it fits into a line with all its quoting. */
const MAX_LIST_BYTES = MAX_LINE_BYTES / 2

/** Events a watcher reads at a time. */
const WATCH_PAGE = 128

export type Watched =
  | { readonly _tag: "event"; readonly event: Event }
  /** Events `from` to `to` were passed over, because the watcher was slow. */
  | { readonly _tag: "gap"; readonly from: number; readonly to: number }

export interface Watch {
  /** The first item is about a larger sequence number than this. */
  readonly after: number
  /** Never ends. It reads only as fast as it is consumed. */
  readonly items: Stream.Stream<Watched, StorageUnavailable>
}

export class Events extends Context.Service<
  Events,
  {
    /** Of every workspace, or for those who stand in one: theirs, and what concerns none. */
    readonly list: (
      params: typeof ListEventsParams.Type,
      workspace?: string | null
    ) => Effect.Effect<typeof ListEventsResult.Type, StorageUnavailable>
    /** Everything after a sequence number; without one, only what is new. */
    readonly watch: (after?: number) => Effect.Effect<Watch>
  }
>()("agentd/events/Events") {
  static readonly layer: Layer.Layer<Events, never, EventLog> = Layer.effect(
    Events,
    Effect.map(EventLog, (log) =>
      Events.of({
        list: ({ after = 0, limit = MAX_EVENTS, session }, workspace = null) => {
          const page = (after: number): Effect.Effect<typeof ListEventsResult.Type, StorageUnavailable> =>
            Effect.flatMap(log.read({ after, limit, session, maxBytes: MAX_LIST_BYTES }), (read) => {
              const events = read.events.filter(
                ({ stamp }) => workspace === null || stamp === undefined || stamp.workspace === workspace
              )
              // A page that holds nothing is the last one.
              return events.length === 0 && read.events.length > 0
                ? page(read.next)
                : Effect.succeed({ ...read, events })
            })
          return page(after)
        },
        watch: (after) =>
          Effect.map(log.last, (last) => ({
            after: after ?? last,
            items: follow(log, { after: after ?? last, live: false })
          }))
      })
    )
  )
}

export interface Cursor {
  /** The last sequence number that was delivered or passed over. */
  readonly after: number
  /** It has once reached the end of the log. Until then it reads history, and history is never too much. */
  readonly live: boolean
}

export type Step = "wait" | "read" | { readonly from: number; readonly to: number }

/** What a watcher does next, the log's last event being `last`. */
export const nextStep = ({ after, live }: Cursor, last: number): Step => {
  if (last <= after) return "wait"
  if (live && last - after > MAX_WATCH_BACKLOG) return { from: after + 1, to: last }
  return "read"
}

const follow = (log: EventLog["Service"], start: Cursor): Stream.Stream<Watched, StorageUnavailable> =>
  Stream.paginate(start, (cursor) =>
    Effect.gen(function* () {
      const step = nextStep(cursor, yield* log.last)
      if (step === "wait") {
        yield* log.grown(cursor.after)
        return [[], Option.some({ after: cursor.after, live: true })] as const
      }
      if (step !== "read") {
        const gap: Watched = { _tag: "gap", ...step }
        return [[gap], Option.some({ after: step.to, live: true })] as const
      }
      const page = yield* log.read({ after: cursor.after, limit: WATCH_PAGE, maxBytes: MAX_LIST_BYTES })
      const items = page.events.map((event): Watched => ({ _tag: "event", event }))
      return [items, Option.some({ after: page.next, live: cursor.live })] as const
    })
  )
