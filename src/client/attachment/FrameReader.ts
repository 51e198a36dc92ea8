/**
 * Cuts the byte stream of an attachment into frames without copying output: the bytes of an output frame are handed on as
 * they arrive, piece by piece, each with its own offset. Only frames that are small by nature are collected.
 */
import { FRAME_HEADER_BYTES, FrameError, FrameType, readU64 } from "../../contract/Frames.ts"
import { MAX_FRAME_BYTES } from "../../contract/Limits.ts"

const OFFSET_BYTES = 8
/** Types from here on may be ignored by whoever does not know them. */
const IGNORABLE = 0x80
const KNOWN: ReadonlySet<number> = new Set(Object.values(FrameType))

export interface FrameHandler {
  /** A piece of output; `bytes` is a view of the chunk that was pushed. */
  output(offset: number, bytes: Buffer): void
  /** Any other frame, whole. */
  frame(type: FrameType, payload: Buffer): void
}

export class FrameReader {
  readonly #handler: FrameHandler
  /** Header (and, for output, offset) bytes seen so far, or the payload of a frame that has to be whole. */
  #held: Array<Buffer> = []
  #heldBytes = 0
  /** What the payload that is being read belongs to; 0: a header comes next. */
  #type = 0
  /** Payload bytes still to come. */
  #left = 0
  #offset = 0

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  /** @throws FrameError for an oversize frame or an unknown type that may not be ignored */
  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#type === 0) at = this.#header(chunk, at)
      else if (this.#type === FrameType.Output) {
        const end = Math.min(chunk.length, at + this.#left)
        this.#handler.output(this.#offset, chunk.subarray(at, end))
        this.#offset += end - at
        this.#left -= end - at
        at = end
        if (this.#left === 0) this.#type = 0
      } else {
        const end = Math.min(chunk.length, at + this.#left)
        this.#hold(chunk.subarray(at, end))
        this.#left -= end - at
        at = end
        if (this.#left === 0) this.#whole()
      }
    }
  }

  #header(chunk: Buffer, at: number): number {
    const type = this.#heldBytes > 0 ? this.#held[0]![0]! : chunk[at]!
    const wanted = FRAME_HEADER_BYTES + (type === FrameType.Output ? OFFSET_BYTES : 0)
    const missing = wanted - this.#heldBytes
    // The usual case: all of it in this chunk.
    let header: Buffer
    if (this.#heldBytes === 0 && chunk.length - at >= missing) header = chunk.subarray(at, at + missing)
    else {
      this.#hold(chunk.subarray(at, at + missing))
      if (this.#heldBytes < wanted) return chunk.length
      header = this.#release()
    }
    const length = header.readUInt32BE(1)
    if (length > MAX_FRAME_BYTES) {
      throw new FrameError(`a frame of ${length} bytes; at most ${MAX_FRAME_BYTES} are allowed`)
    }
    if (!KNOWN.has(type) && type < IGNORABLE) throw new FrameError(`unknown frame type 0x${type.toString(16)}`)
    this.#type = type
    if (type === FrameType.Output) {
      if (length < OFFSET_BYTES) throw new FrameError("an output frame without an offset")
      this.#offset = readU64(header, FRAME_HEADER_BYTES)
      this.#left = length - OFFSET_BYTES
      if (this.#left === 0) this.#type = 0
    } else {
      this.#left = length
      if (length === 0) this.#whole()
    }
    return at + missing
  }

  #whole(): void {
    const type = this.#type as FrameType
    this.#type = 0
    const payload = this.#release()
    if (KNOWN.has(type)) this.#handler.frame(type, payload)
  }

  #hold(bytes: Buffer): void {
    // A copy: a small frame must not keep the whole chunk it came in.
    this.#held.push(Buffer.from(bytes))
    this.#heldBytes += bytes.length
  }

  #release(): Buffer {
    const all = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held, this.#heldBytes)
    this.#held = []
    this.#heldBytes = 0
    return all
  }
}
