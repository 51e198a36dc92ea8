/**
 * Writes frames to a connection; the large ones from buffers that are used again once the kernel has taken them.
 *
 * A stream of output would otherwise allocate all of it anew outside of V8's heap, which then collects garbage for nothing:
 * a quarter of the processor time of a busy attachment.
 */
import { FRAME_HEADER_BYTES, type FrameType } from "../contract/Frames.ts"
import { encodeFrame, fillFrame, frameLength } from "../wire/FrameCodec.ts"
import type { ClientStream } from "./ClientStream.ts"

/** Bytes from which a buffer is worth keeping, and of those that are kept: an output frame of 128 KiB with its offset. */
const LARGE_BYTES = 16 * 1024
const BUFFER_BYTES = FRAME_HEADER_BYTES + 8 + 128 * 1024

/** Buffers kept for all connections (1 MiB); more are left to the garbage collector. */
const KEEP_FREE = 8

const free: Array<Buffer> = []

export const writeFrame = (
  stream: Pick<ClientStream, "write">,
  type: FrameType,
  parts: ReadonlyArray<Uint8Array>
): void => {
  const length = frameLength(parts)
  if (length < LARGE_BYTES || length > BUFFER_BYTES) {
    stream.write(encodeFrame(type, ...parts))
    return
  }
  const buffer = free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)
  const frame = buffer.subarray(0, length)
  fillFrame(frame, type, parts)
  // Called when nothing reads the buffer any more, whether it was sent or not.
  stream.write(frame, () => {
    if (free.length < KEEP_FREE) free.push(buffer)
  })
}
