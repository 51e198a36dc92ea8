/**
 * Frames on the wire: `[type u8][length u32 BE][payload]`. The layout of each payload stands in `contract/Frames.ts`.
 */
import { FRAME_HEADER_BYTES, FrameError, FrameType } from "../contract/Frames.ts"
import { MAX_FRAME_BYTES } from "../contract/Limits.ts"
import { Pieces } from "./Pieces.ts"

export interface Frame {
  readonly type: number
  /** Valid until the next push: copy what is to be kept. */
  readonly payload: Buffer
}

const KNOWN: ReadonlySet<number> = new Set(Object.values(FrameType))
/** Types from here on may be ignored by whoever does not know them. */
const IGNORABLE = 0x80

/** Collects bytes into frames. Holds at most one frame's bytes. */
export class FrameDecoder {
  readonly #known: ReadonlySet<number>
  readonly #begun = new Pieces()
  /** Bytes that must be there before it is worth looking at them. */
  #wanted = FRAME_HEADER_BYTES

  /** `known`: the types that are spoken here. */
  constructor(known: ReadonlySet<number> = KNOWN) {
    this.#known = known
  }

  /** A frame's beginning that has come so far. */
  get begun(): Buffer {
    return this.#begun.all
  }

  /**
   * Calls `onFrame` for each complete frame; frames of unknown ignorable types are skipped. If `onFrame` answers `false`,
   * decoding stops and the bytes after that frame are returned.
   *
   * @throws FrameError for an oversize frame or an unknown type that may not be ignored
   */
  push(chunk: Buffer, onFrame: (frame: Frame) => boolean): Buffer | null {
    if (this.#begun.length + chunk.length < this.#wanted) {
      this.#begun.add(chunk)
      return null
    }
    let bytes = this.#begun.takeWith(chunk)
    for (;;) {
      this.#wanted = FRAME_HEADER_BYTES
      if (bytes.length < FRAME_HEADER_BYTES) break
      const type = bytes[0]!
      const length = bytes.readUInt32BE(1)
      if (!this.#known.has(type) && type < IGNORABLE) throw new FrameError(`unknown frame type 0x${type.toString(16)}`)
      if (length > MAX_FRAME_BYTES) {
        throw new FrameError(`a frame of ${length} bytes; at most ${MAX_FRAME_BYTES} are allowed`)
      }
      const end = FRAME_HEADER_BYTES + length
      this.#wanted = end
      if (bytes.length < end) break
      const frame = { type, payload: bytes.subarray(FRAME_HEADER_BYTES, end) }
      bytes = bytes.subarray(end)
      this.#wanted = FRAME_HEADER_BYTES
      if (this.#known.has(type) && !onFrame(frame)) return bytes
    }
    this.#begun.add(bytes)
    return null
  }
}

/** A frame whose payload is made of `parts`, in a buffer of its own. */
export const encodeFrame = (type: number, ...parts: ReadonlyArray<Uint8Array>): Buffer => {
  const frame = Buffer.allocUnsafe(frameLength(parts))
  fillFrame(frame, type, parts)
  return frame
}

/** Bytes of the frame that `parts` make. */
export const frameLength = (parts: ReadonlyArray<Uint8Array>): number =>
  parts.reduce((sum, part) => sum + part.length, FRAME_HEADER_BYTES)

/** Writes a frame into a buffer of exactly its length. */
export const fillFrame = (frame: Buffer, type: number, parts: ReadonlyArray<Uint8Array>): void => {
  frame[0] = type
  frame.writeUInt32BE(frame.length - FRAME_HEADER_BYTES, 1)
  let at = FRAME_HEADER_BYTES
  for (const part of parts) {
    frame.set(part, at)
    at += part.length
  }
}
