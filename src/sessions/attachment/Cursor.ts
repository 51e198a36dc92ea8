/**
 * A client's place in the session's output: an offset that moves as fast as its connection takes bytes.
 *
 * There is no queue: what the client has not been sent is in the session's ring or transcript anyway, so one that stands still costs
 * the session nothing and the program never waits for it.
 */
import { type Effect, Exit, type Fiber } from "effect"
import { FrameType, u64 } from "../../contract/Frames.ts"
import type { FrameChannel } from "../../contract/Handler.ts"
import type { HandedAttachment } from "../../contract/Handover.ts"
import type { Redraw } from "../screen/Screens.ts"
import type { Feed } from "./Feed.ts"
import { planStep } from "./PlanStep.ts"

/** Bytes the connection may hold unsent. More would only make a snapshot arrive later. */
const QUEUE_BYTES = 256 * 1024

/**
 * Output that follows a frame of at least this size is gathered until it makes a larger one, or for so long at the most. A
 * terminal hands out 4 KiB at a time: sent one by one, a hundred megabytes are 25,000 writes. Smaller frames, echoes of
 * keystrokes among them, delay nothing.
 */
const STREAM_BYTES = 2 * 1024
const GATHER_BYTES = 64 * 1024
const GATHER_MS = 1

export interface CursorOptions {
  readonly feed: Feed
  readonly lossy: "screen" | "bytes"
  /** First byte to send. */
  readonly cursor: number
  /** What to draw before it. */
  readonly snapshot: Redraw | null
  /** The client has bytes up to here; the snapshot is of a later moment, and what is between is skipped. */
  readonly behind?: number
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  /** It goes on from there: the version of the daemon before this one had it. */
  readonly restored?: HandedAttachment | undefined
}

export class Cursor {
  readonly #options: CursorOptions
  readonly #channel: FrameChannel
  readonly #acknowledge: () => void
  #at: number
  #scheduled = false
  #busy = false
  #over: boolean
  #redrawWanted: boolean
  /** The screen is being drawn because the client asked for it. */
  #redrawing = false
  #gathering = false

  /** `acknowledge` tells the client which of its input has been taken: before whatever it may wait behind. */
  constructor(options: CursorOptions, channel: FrameChannel, acknowledge: () => void) {
    this.#options = options
    this.#channel = channel
    this.#acknowledge = acknowledge
    this.#at = options.cursor
    this.#redrawWanted = options.restored?.redraw ?? false
    this.#over = options.restored?.over ?? false
  }

  /** The client has been told of the session's end, or is gone: it is sent nothing more. */
  get over(): boolean {
    return this.#over
  }

  /** Sends where it begins; what comes after follows by itself. */
  begin(): void {
    const { behind, cursor, snapshot } = this.#options
    if (behind !== undefined && behind < cursor) this.#gap(behind, cursor)
    if (snapshot !== null) this.#draw(snapshot)
    this.wake()
  }

  /** The program has printed. */
  printed(): void {
    if (this.#busy || this.#over || this.#scheduled) return
    if (!this.#gathering || this.#options.feed.end - this.#at >= GATHER_BYTES) this.#pump()
  }

  /** There may be something to send. */
  wake(): void {
    if (this.#scheduled || this.#busy || this.#over) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  /** The client wants its screen drawn afresh. */
  redraw(): void {
    this.#redrawWanted = true
    this.wake()
  }

  stop(): void {
    this.#over = true
  }

  handOver(): Pick<HandedAttachment, "lossy" | "cursor" | "redraw" | "over"> {
    return {
      lossy: this.#options.lossy,
      cursor: this.#at,
      redraw: this.#redrawWanted || this.#redrawing,
      over: this.#over
    }
  }

  #pump(): void {
    const { feed, lossy } = this.#options
    while (!this.#over && !this.#busy && this.#channel.queued() < QUEUE_BYTES) {
      if (this.#redrawWanted) return this.#redraw(null)
      const step = planStep(this.#at, feed, lossy)
      switch (step.send) {
        case "nothing":
          return
        case "recent":
          this.#output(this.#at, ...feed.recent(step.from, step.limit))
          break
        case "recorded":
          return this.#sendRecorded(step.from, step.limit)
        case "screen":
          return this.#redraw(this.#at)
        case "exit":
          this.#acknowledge()
          this.#over = true
          // Its answer must be read, even if its input has not been for a while.
          this.#channel.resume()
          return this.#channel.send(FrameType.Exit, Buffer.from(JSON.stringify(feed.exit)))
      }
    }
  }

  #output(from: number, ...parts: ReadonlyArray<Uint8Array>): void {
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    // Behind a flood it would not be read by a client that waits for it before it reads on.
    if (length >= STREAM_BYTES) this.#acknowledge()
    this.#channel.send(FrameType.Output, u64(from), ...parts)
    this.#at = from + length
    if (length < STREAM_BYTES || this.#gathering) return
    this.#gathering = true
    setTimeout(() => {
      this.#gathering = false
      this.printed()
    }, GATHER_MS)
  }

  #sendRecorded(from: number, limit: number): void {
    const { feed } = this.#options
    this.#wait(feed.recorded(from, limit), (read) => {
      // Memory may hold what the disk never got.
      const next = read.bytes.length > 0 ? read.from : Math.min(Math.max(from, feed.start), feed.end)
      if (next > from) this.#gap(from, next)
      if (read.bytes.length > 0) this.#output(next, read.bytes)
      else this.#at = next
    })
  }

  /** Draws the screen afresh; from a cursor that is too far behind, the bytes in between are skipped and it says so. */
  #redraw(behind: number | null): void {
    this.#redrawing ||= this.#redrawWanted
    this.#redrawWanted = false
    this.#wait(this.#options.feed.redraw, (drawn) => {
      this.#redrawing = false
      // A client that wants every byte is told of those it is not sent.
      if (behind !== null || (this.#options.lossy === "bytes" && drawn.offset > this.#at)) {
        this.#gap(this.#at, drawn.offset)
      }
      this.#at = drawn.offset
      this.#draw(drawn)
    })
  }

  #draw({ offset, bytes }: Redraw): void {
    this.#acknowledge()
    this.#channel.send(FrameType.Snapshot, u64(offset), bytes)
  }

  #gap(from: number, to: number): void {
    this.#channel.send(FrameType.Gap, u64(from), u64(to))
  }

  #wait<A, E>(effect: Effect.Effect<A, E>, then: (value: A) => void): void {
    this.#busy = true
    this.#options.fork(effect).addObserver((exit) => {
      this.#busy = false
      if (this.#over) return
      if (Exit.isSuccess(exit)) then(exit.value)
      // What cannot be read is skipped and told: the live part goes on.
      else {
        const { end, start } = this.#options.feed
        const next = Math.max(this.#at, Math.min(start, end))
        if (next > this.#at) this.#gap(this.#at, next)
        this.#at = next
      }
      this.wake()
    })
  }
}
