/**
 * Frames on the wire: `[type u8][length u32 BE][payload]`. The layout of each payload stands in `contract/Frames.ts`.
 */
import { FRAME_HEADER_BYTES, FrameError, FrameType } from "../contract/Frames.ts"
import { MAX_FRAME_BYTES } from "../contract/Limits.ts"

export interface Frame {
  readonly type: number
  /** Valid until the next push: copy what is to be kept. */
  readonly payload: Buffer
}

const KNOWN: ReadonlySet<number> = new Set(Object.values(FrameType))
/** Types from here on may be ignored by whoever does not know them. */
const IGNORABLE = 0x80

const EMPTY = Buffer.alloc(0)

/** Collects bytes into frames. Holds at most one frame's bytes. */
export class FrameDecoder {
  #rest: Buffer = EMPTY

  /**
   * Calls `onFrame` for each complete frame; frames of unknown ignorable types are skipped. If `onFrame` answers `false`,
   * decoding stops and the bytes after that frame are returned.
   *
   * @throws FrameError for an oversize frame or an unknown type that may not be ignored
   */
  push(chunk: Buffer, onFrame: (frame: Frame) => boolean): Buffer | null {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = EMPTY
    for (;;) {
      if (bytes.length < FRAME_HEADER_BYTES) break
      const type = bytes[0]!
      const length = bytes.readUInt32BE(1)
      if (length > MAX_FRAME_BYTES) {
        throw new FrameError(`a frame of ${length} bytes; at most ${MAX_FRAME_BYTES} are allowed`)
      }
      if (!KNOWN.has(type) && type < IGNORABLE) throw new FrameError(`unknown frame type 0x${type.toString(16)}`)
      const end = FRAME_HEADER_BYTES + length
      if (bytes.length < end) break
      const frame = { type, payload: bytes.subarray(FRAME_HEADER_BYTES, end) }
      bytes = bytes.subarray(end)
      if (KNOWN.has(type) && !onFrame(frame)) return bytes
    }
    // A copy, because the chunk belongs to whoever read it.
    if (bytes.length > 0) this.#rest = Buffer.from(bytes)
    return null
  }
}

/** A frame whose payload is made of `parts`. */
export const encodeFrame = (type: FrameType, ...parts: ReadonlyArray<Uint8Array>): Buffer => {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length)
  frame[0] = type
  frame.writeUInt32BE(length, 1)
  let at = FRAME_HEADER_BYTES
  for (const part of parts) {
    frame.set(part, at)
    at += part.length
  }
  return frame
}
