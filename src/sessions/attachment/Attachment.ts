/**
 * One attached client: what it types goes to the session, what the session prints comes to it (`Cursor.ts`), and it is told what it may do.
 */
import { FrameType, RoleWanted, readSize, readU64, role, size, u64 } from "../../contract/Frames.ts"
import type { FrameChannel, FrameListener } from "../../contract/Handler.ts"
import type { HandedAttachment } from "../../contract/Handover.ts"
import type { Offer } from "../../contract/session/Offer.ts"
import { type TakeInput, Typing } from "../input/Typing.ts"
import type { Typist } from "../input/Typists.ts"
import { Cursor, type CursorOptions } from "./Cursor.ts"

export interface AttachmentOptions extends CursorOptions {
  /** What this client has typed before, here or on a connection that was lost. */
  readonly typist: Typist
  /** This client comes back by itself: it is let go of by closing its connection. */
  readonly comesBack: boolean
  readonly onInput: TakeInput
  readonly onEof: () => void
  readonly onResize: (cols: number, rows: number) => void
  readonly onRole: (wanted: number) => void
  readonly onClose: () => void
  /** Which session this is, and what is known of its client. */
  readonly identity: () => Pick<
    HandedAttachment,
    "session" | "client" | "token" | "terminal" | "answers" | "variables" | "accepts"
  >
}

export class Attachment implements FrameListener {
  readonly #options: AttachmentOptions
  readonly #channel: FrameChannel
  readonly #cursor: Cursor
  readonly #typing: Typing

  constructor(options: AttachmentOptions, channel: FrameChannel) {
    this.#options = options
    this.#channel = channel
    this.#cursor = new Cursor(options, channel, () => this.#typing.acknowledge())
    const send = (sequence: number) => {
      if (!this.#cursor.over) channel.send(FrameType.Ack, u64(sequence))
    }
    this.#typing = new Typing(options.typist, options.onInput, send, options.restored?.acknowledged)
    if (options.restored !== undefined) this.#typing.acknowledge()
  }

  /** Sends where it begins; what comes after follows by itself. */
  begin(): void {
    this.#cursor.begin()
  }

  /** The program has printed. */
  printed(): void {
    this.#cursor.printed()
  }

  /** There may be something to send. */
  wake(): void {
    this.#cursor.wake()
  }

  resized(cols: number, rows: number): void {
    if (!this.#cursor.over) this.#channel.send(FrameType.Resize, size(cols, rows))
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
    if (!this.#cursor.over) this.#channel.send(FrameType.Notice, Buffer.from(text))
  }

  offer(offer: Offer): void {
    if (!this.#cursor.over) this.#channel.send(FrameType.Offer, Buffer.from(JSON.stringify(offer)))
  }

  /** What this client may do from now on. One that cannot come back is of a version that does not know of roles. */
  role(mayType: boolean, answers: boolean, from: number): void {
    if (!this.#cursor.over && this.comesBack) this.#channel.send(FrameType.Role, role(mayType, answers), u64(from))
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
        return this.#cursor.redraw()
      default:
        // A frame only servers send, or an answer to a ping nobody waits for.
        return
    }
  }

  onDrain(): void {
    this.#cursor.wake()
  }

  onClose(): void {
    this.#typing.close()
    this.#cursor.stop()
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
    return { ...this.#options.identity(), ...this.#cursor.handOver(), acknowledged: this.#typing.acknowledged }
  }
}
