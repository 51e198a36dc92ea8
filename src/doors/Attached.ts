/**
 * A connection while it carries frames: from the answer to `session.attach` until both sides have said `Detach`.
 *
 *   frames ──Detach sent──▶ leaving ──Detach received──▶ over
 */
import type { Duplex } from "node:stream"
import { type AgentdError, Conflict } from "../contract/Errors.ts"
import { FrameType } from "../contract/Frames.ts"
import type { FrameChannel, FrameListener } from "../contract/Handler.ts"
import { encodeFrame, type Frame, FrameDecoder } from "../wire/FrameCodec.ts"
import { toErrorObject } from "./Dispatcher.ts"
import { writeFrame } from "./writeFrame.ts"

/** Bytes of a ping that come back. */
const MAX_PING_BYTES = 64

export type Begin = (channel: FrameChannel) => FrameListener

export class Attached {
  readonly #socket: Duplex
  readonly #hold: (held: boolean) => void
  readonly #frames = new FrameDecoder()
  #listener: FrameListener | null = null
  #leaving = false
  /** The client knows that its session has ended. */
  #told = false

  /** `hold` stops and continues reading from the client. */
  constructor(begin: Begin, socket: Duplex, hold: (held: boolean) => void) {
    this.#socket = socket
    this.#hold = hold
    this.#listener = begin({
      send: (type, ...payload) => this.#send(type, payload),
      queued: () => socket.writableLength,
      pause: () => hold(true),
      resume: () => hold(false),
      detach: (reason) => this.detach(reason),
      fail: (error) => this.#fail(error)
    })
  }

  /** The client is still to be told how its session ends. */
  get busy(): boolean {
    return this.#listener !== null && !this.#told
  }

  /** Takes a chunk. Once the client has said `Detach`, the attachment is over and the bytes after it are returned. */
  read(chunk: Buffer): Buffer | null {
    try {
      return this.#frames.push(chunk, (frame) => this.#readFrame(frame))
    } catch (cause) {
      this.#fail(new Conflict({ reason: `Protocol error: ${cause instanceof Error ? cause.message : cause}.` }))
      return null
    }
  }

  #readFrame({ payload, type }: Frame): boolean {
    if (type === FrameType.Detach) {
      // First, because the attachment may have a last word.
      this.release()
      this.#send(FrameType.Detach, [Buffer.from("detached")])
      this.#leaving = true
      return false
    }
    if (this.#leaving) return true
    if (type === FrameType.Ping) this.#socket.write(encodeFrame(FrameType.Pong, payload.subarray(0, MAX_PING_BYTES)))
    else this.#listener?.onFrame(type as FrameType, payload)
    return true
  }

  #send(type: FrameType, payload: ReadonlyArray<Uint8Array>): void {
    if (this.#leaving || this.#socket.destroyed) return
    writeFrame(this.#socket, type, payload)
    if (type === FrameType.Exit) this.#told = true
  }

  detach(reason: string): void {
    if (this.#leaving) return
    this.release()
    this.#send(FrameType.Detach, [Buffer.from(reason)])
    this.#leaving = true
    // Its answer must be read, whether there was room for input or not.
    this.#hold(false)
  }

  /** The daemon goes; the session may not. */
  leave(reason: string): void {
    if (this.#listener?.comesBack !== true) return this.detach(reason)
    this.release()
    this.#leaving = true
    this.#socket.end()
  }

  #fail(error: AgentdError): void {
    if (this.#leaving) return
    const text = Buffer.from(JSON.stringify(toErrorObject(error)))
    // Closed altogether once that has left: whoever broke the protocol need not close its side, and would keep its place.
    this.#socket.end(encodeFrame(FrameType.Error, text), () => this.#socket.destroy())
    this.#leaving = true
    this.release()
  }

  drained(): void {
    this.#listener?.onDrain()
  }

  /** Tells the attachment that it is over, however that came. */
  release(): void {
    const listener = this.#listener
    this.#listener = null
    listener?.onClose()
  }
}
