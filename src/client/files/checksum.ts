/** Checksums of a file's beginning, read from the file itself. */
import { createHash, type Hash } from "node:crypto"
import type { FileHandle } from "node:fs/promises"
import { COPY_CHUNK_BYTES } from "../../contract/CopyFrames.ts"

/** Adds the bytes before `end`; fewer, when the file has become shorter. */
export const hashUpTo = async (handle: FileHandle, hash: Hash, end: number): Promise<void> => {
  const buffer = Buffer.allocUnsafe(COPY_CHUNK_BYTES)
  for (let at = 0; at < end; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at)
    if (bytesRead === 0) return
    hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
}

/** In hexadecimal. */
export const checksum = async (handle: FileHandle, end: number): Promise<string> => {
  const hash = createHash("sha256")
  await hashUpTo(handle, hash, end)
  return hash.digest("hex")
}
