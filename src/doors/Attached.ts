/**
 * A connection while it carries frames: from the answer to `session.attach` until both sides have said `Detach`.
 *
 *   frames ──Detach sent──▶ leaving ──Detach received──▶ over
 */
import { type AgentdError, Conflict } from "../contract/errors/Errors.ts"
import { FrameType } from "../contract/Frames.ts"
import type { Begin, FrameListener } from "../contract/Handler.ts"
import type { HandedConnection } from "../contract/Handover.ts"
import { encodeFrame, type Frame, FrameDecoder } from "../wire/FrameCodec.ts"
import type { ClientStream } from "./ClientStream.ts"
import { toErrorObject } from "./toErrorObject.ts"
import { writeFrame } from "./writeFrame.ts"

/** Bytes of a ping that come back. */
const MAX_PING_BYTES = 64

export class Attached {
  readonly #stream: ClientStream
  readonly #hold: (held: boolean) => void
  readonly #frames = new FrameDecoder()
  #listener: FrameListener | null = null
  #leaving = false
  /** The client knows that its session has ended. */
  #told = false

  /** `hold` stops and continues reading from the client. Without `begin`, the client is still to say `Detach`. */
  constructor(begin: Begin | null, stream: ClientStream, hold: (held: boolean) => void, told = false) {
    this.#stream = stream
    this.#hold = hold
    this.#told = told
    if (begin === null) {
      this.#leaving = true
      return
    }
    this.#listener = begin({
      send: (type, ...payload) => this.#send(type, payload),
      queued: () => stream.queued,
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

  /** A frame's beginning that has come so far. */
  get begun(): Buffer {
    return this.#frames.begun
  }

  handOver(): HandedConnection["frames"] {
    return { attachment: this.#listener?.handOver() ?? null, told: this.#told }
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
    if (type === FrameType.Ping) this.#stream.write(encodeFrame(FrameType.Pong, payload.subarray(0, MAX_PING_BYTES)))
    else this.#listener?.onFrame(type as FrameType, payload)
    return true
  }

  #send(type: FrameType, payload: ReadonlyArray<Uint8Array>): void {
    if (this.#leaving || this.#stream.socket.destroyed) return
    writeFrame(this.#stream, type, payload)
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
    this.#stream.socket.end()
  }

  #fail(error: AgentdError): void {
    if (this.#leaving) return
    const text = Buffer.from(JSON.stringify(toErrorObject(error)))
    // Closed altogether once that has left: whoever broke the protocol need not close its side, and would keep its place.
    const { socket } = this.#stream
    this.#stream.write(encodeFrame(FrameType.Error, text))
    socket.end(() => socket.destroy())
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
