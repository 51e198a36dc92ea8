/**
 * Events as they happen, none missed: what a slow moment skipped is fetched from the log, and a lost connection is resumed
 * after the last event seen.
 */
import type { Event } from "../contract/Event.ts"
import { CONNECT_MS } from "../contract/Limits.ts"
import type { Params, Result } from "../contract/Methods.ts"
import { AgentdError } from "./AgentdError.ts"
import type { Connection } from "./Connection.ts"
import { timeoutFor } from "./Deadlines.ts"

export interface WatchOptions {
  /** Begin after this sequence number. Default: only what is new. */
  readonly after?: number
  /** Only what concerns the caller, or what is named here: `subscribe`'s parameters. Default: every event. */
  readonly interest?: Omit<Params<"subscribe">, "after">
  /** Connect again when the daemon goes away, for as long as it takes. Default false. */
  readonly reconnect?: boolean
  readonly signal?: AbortSignal
}

/** Milliseconds before the first, and at the most before any, new attempt to connect. */
export const RETRY_MS = { first: 100, most: 2_000 } as const

type Notified =
  | { readonly kind: "event"; readonly event: Event }
  | { readonly kind: "gap"; readonly from: number; readonly to: number }

/** Opens a connection; `again`: there was one before. */
export type Open = (again: boolean) => Promise<Connection>

export async function* watchEvents(open: Open, options: WatchOptions = {}): AsyncGenerator<Event, void> {
  let after = options.after
  let retryMs: number = RETRY_MS.first
  let again = false
  for (;;) {
    options.signal?.throwIfAborted()
    try {
      for await (const event of subscription(() => open(again), after, options)) {
        again = true
        retryMs = RETRY_MS.first
        if (typeof event === "number") after = event
        else {
          after = event.seq
          yield event
        }
      }
    } catch (error) {
      if (options.reconnect !== true || !mayReturn(error)) throw error
      await pause(retryMs, options.signal)
      retryMs = Math.min(RETRY_MS.most, retryMs * 2)
    }
  }
}

/** The daemon is not there, or leaves. */
export const mayReturn = (error: unknown): boolean =>
  error instanceof AgentdError && ["ConnectionLost", "NoDaemon", "Draining"].includes(error.tag)

/** One connection's worth: numbers it goes on after, and events. Ends where the next one is to begin after the last number. */
async function* subscription(
  open: () => Promise<Connection>,
  after: number | undefined,
  { interest, signal }: WatchOptions
): AsyncGenerator<Event | number, void> {
  const connection = await open()
  const queue: Array<Notified> = []
  let wake = () => {}
  let failure: unknown
  connection.onNotification = (method, params) => {
    const { event, from, to } = params as { readonly event: Event; readonly from: number; readonly to: number }
    if (method === "event") queue.push({ kind: "event", event })
    else if (method === "event.gap") queue.push({ kind: "gap", from, to })
    wake()
  }
  connection.onEnd = (error) => {
    failure ??= error
    wake()
  }
  const onAbort = () => {
    failure ??= signal?.reason
    wake()
  }
  signal?.addEventListener("abort", onAbort, { once: true })
  try {
    const method = interest === undefined ? "event.watch" : "subscribe"
    const params = { ...interest, ...(after === undefined ? {} : { after }) }
    const answer = (await connection.request(method, params, { timeoutMs: CONNECT_MS })) as Result<"event.watch">
    yield answer.after
    for (;;) {
      for (const notified of queue.splice(0)) {
        if (notified.kind === "event") yield notified.event
        else if (interest === undefined) yield* missed(connection, notified.from, notified.to)
        else {
          // Only the daemon knows what of it concerns whom: history, asked for anew, is never passed over.
          yield notified.from - 1
          return
        }
      }
      if (queue.length > 0) continue
      if (failure !== undefined) throw failure
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  } finally {
    signal?.removeEventListener("abort", onAbort)
    connection.close()
  }
}

async function* missed(connection: Connection, from: number, to: number): AsyncGenerator<Event, void> {
  let after = from - 1
  while (after < to) {
    const page = (await connection.request(
      "event.list",
      { after },
      {
        timeoutMs: timeoutFor("event.list")
      }
    )) as Result<"event.list">
    for (const event of page.events) if (event.seq <= to) yield event
    if (page.events.length === 0) return
    after = page.next
  }
}

export const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort)
      resolve()
    }, ms)
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener("abort", onAbort, { once: true })
  })
