/**
 * UTF-8 the way terminals and the WHATWG decoder see it, without losing what is invalid: which bytes each U+FFFD stands
 * for, and where a chunk ends in the middle of a character.
 */

const REPLACEMENT = "\u{fffd}"

/** Length of the sequence this byte begins, and the range its second byte must be in (Unicode, table 3-7). */
const lead = (byte: number): { readonly length: number; readonly low: number; readonly high: number } | null => {
  if (byte >= 0xc2 && byte <= 0xdf) return { length: 2, low: 0x80, high: 0xbf }
  if (byte >= 0xe0 && byte <= 0xef) {
    return { length: 3, low: byte === 0xe0 ? 0xa0 : 0x80, high: byte === 0xed ? 0x9f : 0xbf }
  }
  if (byte >= 0xf0 && byte <= 0xf4) {
    return { length: 4, low: byte === 0xf0 ? 0x90 : 0x80, high: byte === 0xf4 ? 0x8f : 0xbf }
  }
  return null
}

/** How many bytes from `at` on are a valid beginning of the sequence that starts there; `whole` if all of it is there. */
const sequenceAt = (bytes: Uint8Array, at: number): { readonly length: number; readonly whole: boolean } => {
  const first = bytes[at]!
  if (first < 0x80) return { length: 1, whole: true }
  const expected = lead(first)
  if (expected === null) return { length: 1, whole: false }
  for (let i = 1; i < expected.length; i++) {
    const byte = bytes[at + i]
    const low = i === 1 ? expected.low : 0x80
    const high = i === 1 ? expected.high : 0xbf
    if (byte === undefined || byte < low || byte > high) return { length: i, whole: false }
  }
  return { length: expected.length, whole: true }
}

/** Bytes at the end that may be the beginning of a character whose rest is still to come: 0 to 3. */
export const incompleteTail = (bytes: Uint8Array): number => {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    const { length, whole } = sequenceAt(bytes, bytes.length - back)
    return !whole && length === back && lead(byte) !== null ? back : 0
  }
  return 0
}

/** For text decoded from these bytes: the bytes, in hex, behind each U+FFFD in it. Null when every one is genuine. */
export const replacedBytes = (bytes: Uint8Array, text: string): ReadonlyArray<string> | null => {
  if (!text.includes(REPLACEMENT)) return null
  const replaced: Array<string> = []
  let invalid = false
  for (let at = 0; at < bytes.length; ) {
    const { length, whole } = sequenceAt(bytes, at)
    if (!whole) {
      invalid = true
      replaced.push(Buffer.from(bytes.subarray(at, at + length)).toString("hex"))
    } else if (length === 3 && bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) {
      replaced.push(GENUINE)
    }
    at += length
  }
  return invalid ? replaced : null
}

/** U+FFFD as the program printed it. */
const GENUINE = "efbfbd"

/** The bytes this text was decoded from. */
export const restoreBytes = (text: string, replaced: ReadonlyArray<string>): Buffer => {
  const parts: Array<Buffer> = []
  text.split(REPLACEMENT).forEach((part, i) => {
    if (i > 0) parts.push(Buffer.from(replaced[i - 1] ?? GENUINE, "hex"))
    parts.push(Buffer.from(part, "utf8"))
  })
  return Buffer.concat(parts)
}
