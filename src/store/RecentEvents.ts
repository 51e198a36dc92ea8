/**
 * The latest events of the log, kept in memory: whoever watches it is told of each as it comes, and with many who watch, reading the
 * same row and checking it anew for each of them would take longer than all else about an event.
 */
import type { Event } from "../contract/Event.ts"
import type { EventPage, ReadOptions } from "./eventReads.ts"

/** Events kept: more than come between two looks of whoever keeps up. */
const MAX_EVENTS = 256

/** Bytes of bodies kept: a message may have a megabyte. */
const MAX_BYTES = 1024 * 1024

/** An event as it has been added to the log. */
export interface Added {
  readonly event: Event
  /** The session it is found under. */
  readonly session: string | null
  /** Of its body, as JSON. */
  readonly bytes: number
}

export class RecentEvents {
  #events: Array<Added> = []
  #bytes = 0
  /** Every event above this number that this build understands is here. */
  #complete: number

  /** `last`: the log's last number. */
  constructor(last: number) {
    this.#complete = last
  }

  /** What one transaction has added to the log, in order. */
  add(events: ReadonlyArray<Added>): void {
    this.#events.push(...events)
    for (const { bytes } of events) this.#bytes += bytes
    let dropped = 0
    while (this.#events.length - dropped > MAX_EVENTS || this.#bytes > MAX_BYTES) {
      const { bytes, event } = this.#events[dropped++]!
      this.#bytes -= bytes
      this.#complete = event.seq
    }
    if (dropped > 0) this.#events = this.#events.slice(dropped)
  }

  /** What the log would answer, `last` being its last number; undefined when some of it is not kept. */
  page(
    { after, limit, maxBytes = Number.POSITIVE_INFINITY, session }: ReadOptions,
    last: number
  ): EventPage | undefined {
    if (after < this.#complete) return undefined
    const events: Array<Event> = []
    let taken = 0
    for (const { bytes, event, session: about } of this.#events) {
      if (event.seq <= after || (session !== undefined && about !== session)) continue
      taken += bytes
      if (events.length === limit || (events.length > 0 && taken > maxBytes)) {
        return { events, next: events.at(-1)!.seq, last }
      }
      events.push(event)
    }
    return {
      events,
      next: events.length === limit ? events.at(-1)!.seq : Math.max(after, last),
      last: Math.max(after, last)
    }
  }
}
