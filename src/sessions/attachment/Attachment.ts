/**
 * One attached client: a cursor into the session's output that moves as fast as its connection takes bytes.
 *
 * The client has no queue of its own: what it has not been sent is in the session's ring or transcript anyway, so a client
 * that stands still costs the session nothing and the program never waits for it.
 */
import { type Effect, Exit, type Fiber } from "effect"
import { FrameType, RoleWanted, readSize, readU64, role, size, u64 } from "../../contract/Frames.ts"
import type { FrameChannel, FrameListener } from "../../contract/Handler.ts"
import type { HandedAttachment } from "../../contract/Handover.ts"
import type { Offer } from "../../contract/session/Offer.ts"
import { type TakeInput, Typing } from "../input/Typing.ts"
import type { Typist } from "../input/Typists.ts"
import type { Feed, Redraw } from "./Feed.ts"

/** Bytes of one output frame: large enough to amortise a write, small enough to keep keystrokes moving. */
const FRAME_BYTES = 128 * 1024

/** The same from disk, where finding the bytes costs more than reading them: who is behind should not fall further behind. */
const RECORDED_BYTES = 512 * 1024

/** Bytes the connection may hold unsent. More would only make a snapshot arrive later. */
const QUEUE_BYTES = 256 * 1024

/** How far a terminal may fall behind and still be sent every byte; beyond it, it is sent the screen instead. */
export const MAX_BEHIND_BYTES = 16 * 1024 * 1024

/**
 * Output that follows a frame of at least this size is gathered until it makes a larger one, or for so long at the most. A
 * terminal hands out 4 KiB at a time: sent one by one, a hundred megabytes are 25,000 writes. Smaller frames, echoes of
 * keystrokes among them, delay nothing.
 */
const STREAM_BYTES = 2 * 1024
const GATHER_BYTES = 64 * 1024
const GATHER_MS = 1

export type Step =
  | { readonly send: "nothing" }
  | { readonly send: "recent" | "recorded"; readonly from: number; readonly limit: number }
  | { readonly send: "screen" }
  | { readonly send: "exit" }

/** What a client at `cursor` is sent next. */
export const planStep = (
  cursor: number,
  feed: Pick<Feed, "start" | "end" | "exit">,
  lossy: "screen" | "bytes"
): Step => {
  if (cursor >= feed.end) return { send: feed.exit === null ? "nothing" : "exit" }
  if (cursor >= feed.start) return { send: "recent", from: cursor, limit: FRAME_BYTES }
  if (lossy === "screen" && feed.end - cursor > MAX_BEHIND_BYTES) return { send: "screen" }
  return { send: "recorded", from: cursor, limit: RECORDED_BYTES }
}

export interface AttachmentOptions {
  readonly feed: Feed
  readonly lossy: "screen" | "bytes"
  /** First byte to send. */
  readonly cursor: number
  /** What to draw before it. */
  readonly snapshot: Redraw | null
  /** The client has bytes up to here; the snapshot is of a later moment, and what is between is skipped. */
  readonly behind?: number
  /** What this client has typed before, here or on a connection that was lost. */
  readonly typist: Typist
  /** This client comes back by itself: it is let go of by closing its connection. */
  readonly comesBack: boolean
  readonly onInput: TakeInput
  readonly onEof: () => void
  readonly onResize: (cols: number, rows: number) => void
  readonly onRole: (wanted: number) => void
  readonly onClose: () => void
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  /** Which session this is, and what is known of its client. */
  readonly identity: () => Pick<
    HandedAttachment,
    "session" | "client" | "token" | "terminal" | "answers" | "variables" | "accepts"
  >
  /** It goes on from there: the version of the daemon before this one had it. */
  readonly restored?: HandedAttachment | undefined
}

export class Attachment implements FrameListener {
  readonly #options: AttachmentOptions
  readonly #channel: FrameChannel
  #cursor: number
  #scheduled = false
  #busy = false
  #over = false
  readonly #typing: Typing
  #redrawWanted = false
  /** The screen is being drawn because the client asked for it. */
  #redrawing = false
  #gathering = false

  constructor(options: AttachmentOptions, channel: FrameChannel) {
    this.#options = options
    this.#channel = channel
    this.#cursor = options.cursor
    const { restored } = options
    this.#redrawWanted = restored?.redraw ?? false
    this.#over = restored?.over ?? false
    const send = (sequence: number) => {
      if (!this.#over) channel.send(FrameType.Ack, u64(sequence))
    }
    this.#typing = new Typing(options.typist, options.onInput, send, restored?.acknowledged)
    if (restored !== undefined) this.#typing.acknowledge()
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
    if (!this.#gathering || this.#options.feed.end - this.#cursor >= GATHER_BYTES) this.#pump()
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

  resized(cols: number, rows: number): void {
    if (!this.#over) this.#channel.send(FrameType.Resize, size(cols, rows))
  }

  /** The session has room for input again. */
  resumed(): void {
    this.#channel.resume()
  }

  detach(reason: string): void {
    this.#channel.detach(reason)
  }

  get typist(): Typist {
    return this.#options.typist
  }

  /** A sentence for the person there. */
  notice(text: string): void {
    if (!this.#over) this.#channel.send(FrameType.Notice, Buffer.from(text))
  }

  offer(offer: Offer): void {
    if (!this.#over) this.#channel.send(FrameType.Offer, Buffer.from(JSON.stringify(offer)))
  }

  /** What this client may do from now on. One that cannot come back is of a version that does not know of roles. */
  role(mayType: boolean, answers: boolean, from: number): void {
    if (!this.#over && this.comesBack) this.#channel.send(FrameType.Role, role(mayType, answers), u64(from))
  }

  get comesBack(): boolean {
    return this.#options.comesBack
  }

  onFrame(type: FrameType, payload: Buffer): void {
    switch (type) {
      case FrameType.Input:
        if (!this.#typing.frame(readU64(payload), payload.subarray(8))) this.#channel.pause()
        return
      case FrameType.Eof:
        return this.#eof(payload)
      case FrameType.Resize: {
        const { cols, rows } = readSize(payload)
        return this.#options.onResize(cols, rows)
      }
      case FrameType.Role:
        return this.#options.onRole(payload[0] ?? RoleWanted.View)
      case FrameType.Redraw:
        this.#redrawWanted = true
        return this.wake()
      default:
        // A frame only servers send, or an answer to a ping nobody waits for.
        return
    }
  }

  onDrain(): void {
    this.wake()
  }

  onClose(): void {
    this.#typing.close()
    this.#over = true
    this.#options.onClose()
  }

  /** A client that comes back numbers the end of its input too, so that it comes once. */
  #eof(payload: Buffer): void {
    const { onEof, typist } = this.#options
    if (payload.length === 0) return onEof()
    const sequence = readU64(payload)
    if (sequence > typist.received) onEof()
    typist.received = Math.max(typist.received, sequence)
    if (sequence > typist.taken) typist.wrote(sequence, 0, 0)
    this.#typing.acknowledge()
  }

  handOver(): HandedAttachment {
    return {
      ...this.#options.identity(),
      lossy: this.#options.lossy,
      cursor: this.#cursor,
      acknowledged: this.#typing.acknowledged,
      redraw: this.#redrawWanted || this.#redrawing,
      over: this.#over
    }
  }

  #pump(): void {
    const { feed, lossy } = this.#options
    while (!this.#over && !this.#busy && this.#channel.queued() < QUEUE_BYTES) {
      if (this.#redrawWanted) return this.#redraw(null)
      const step = planStep(this.#cursor, feed, lossy)
      switch (step.send) {
        case "nothing":
          return
        case "recent":
          this.#output(this.#cursor, ...feed.recent(step.from, step.limit))
          break
        case "recorded":
          return this.#sendRecorded(step.from, step.limit)
        case "screen":
          return this.#redraw(this.#cursor)
        case "exit":
          this.#typing.acknowledge()
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
    if (length >= STREAM_BYTES) this.#typing.acknowledge()
    this.#channel.send(FrameType.Output, u64(from), ...parts)
    this.#cursor = from + length
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
      else this.#cursor = next
    })
  }

  /** Draws the screen afresh; from a cursor that is too far behind, the bytes in between are skipped and it says so. */
  #redraw(behind: number | null): void {
    this.#redrawing ||= this.#redrawWanted
    this.#redrawWanted = false
    this.#wait(this.#options.feed.redraw, (drawn) => {
      this.#redrawing = false
      // A client that wants every byte is told of those it is not sent.
      if (behind !== null || (this.#options.lossy === "bytes" && drawn.offset > this.#cursor)) {
        this.#gap(this.#cursor, drawn.offset)
      }
      this.#cursor = drawn.offset
      this.#draw(drawn)
    })
  }

  #draw({ offset, bytes }: Redraw): void {
    this.#typing.acknowledge()
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
        const next = Math.max(this.#cursor, Math.min(start, end))
        if (next > this.#cursor) this.#gap(this.#cursor, next)
        this.#cursor = next
      }
      this.wake()
    })
  }
}
