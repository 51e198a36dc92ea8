/**
 * Frames on the wire: `[type u8][length u32 BE][payload]`. The layout of each payload stands in `contract/Frames.ts`.
 */
import { FRAME_HEADER_BYTES, FrameType } from "../contract/Frames.ts"
import { MAX_FRAME_BYTES, MAX_SIZE, MIN_SIZE } from "../contract/Limits.ts"

export interface Frame {
  readonly type: number
  /** Valid until the next push: copy what is to be kept. */
  readonly payload: Buffer
}

/** The peer broke the protocol; the connection cannot go on. */
export class FrameError extends Error {
  override readonly name = "FrameError"
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

/** u64, as offsets and sequence numbers travel; safe integers only, so 2^53 bytes of output are the end of a session. */
export const u64 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** @throws FrameError when it is missing or larger than any offset can be */
export const readU64 = (payload: Buffer, at = 0): number => {
  if (payload.length < at + 8) throw new FrameError(`a payload of ${payload.length} bytes is too short`)
  const value = payload.readBigUInt64BE(at)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FrameError(`${value} is larger than 2^53`)
  return Number(value)
}

export const size = (cols: number, rows: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt16BE(clampSize(cols), 0)
  bytes.writeUInt16BE(clampSize(rows), 2)
  return bytes
}

/** @throws FrameError when the payload is no size */
export const readSize = (payload: Buffer): { readonly cols: number; readonly rows: number } => {
  if (payload.length !== 4) throw new FrameError(`a size has 4 bytes, not ${payload.length}`)
  return { cols: clampSize(payload.readUInt16BE(0)), rows: clampSize(payload.readUInt16BE(2)) }
}

/** Terminals report 0×0 and absurd sizes; a program must never see them. */
export const clampSize = (cells: number): number =>
  Math.min(MAX_SIZE, Math.max(MIN_SIZE, Math.trunc(cells) || MIN_SIZE))
