/** Cuts bytes wherever a test says, as a socket may. */
import fc from "fast-check"

/** `bytes` in chunks whose lengths are these, again and again. */
export const cut = (bytes: Buffer, lengths: ReadonlyArray<number>): ReadonlyArray<Buffer> => {
  const chunks: Array<Buffer> = []
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length]!
    chunks.push(bytes.subarray(at, at + length))
    at += length
  }
  return chunks
}

/** Lengths to cut by: single bytes as likely as long runs. */
export const lengths = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 64 })), {
  minLength: 1,
  maxLength: 8
})
