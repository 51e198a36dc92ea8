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

/** How many bytes from `at` on are a valid beginning of the sequence that starts there; negative if it is not whole. */
const sequenceAt = (bytes: Uint8Array, at: number): number => {
  const first = bytes[at]!
  if (first < 0x80) return 1
  const expected = lead(first)
  if (expected === null) return -1
  for (let i = 1; i < expected.length; i++) {
    const byte = bytes[at + i]
    const low = i === 1 ? expected.low : 0x80
    const high = i === 1 ? expected.high : 0xbf
    if (byte === undefined || byte < low || byte > high) return -i
  }
  return expected.length
}

/** Bytes at the end that may be the beginning of a character whose rest is still to come: 0 to 3. */
export const incompleteTail = (bytes: Uint8Array): number => {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    return sequenceAt(bytes, bytes.length - back) === -back && lead(byte) !== null ? back : 0
  }
  return 0
}

/** U+FFFD as the program printed it, in hex. */
const GENUINE = "efbfbd"

/** For text decoded from these bytes: the bytes, in hex, behind each U+FFFD in it. Null when every one is genuine. */
export const replacedBytes = (bytes: Uint8Array, text: string): ReadonlyArray<string> | null => {
  if (!text.includes(REPLACEMENT)) return null
  const replaced: Array<string> = []
  let invalid = false
  for (let at = 0; at < bytes.length; ) {
    const found = sequenceAt(bytes, at)
    const length = Math.abs(found)
    if (found < 0) {
      invalid = true
      let hex = ""
      for (let i = at; i < at + length; i++) hex += HEX[bytes[i]!]
      replaced.push(hex)
    } else if (length === 3 && bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) {
      replaced.push(GENUINE)
    }
    at += length
  }
  return invalid ? replaced : null
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** The bytes this text was decoded from. */
export const restoreBytes = (text: string, replaced: ReadonlyArray<string>): Buffer => {
  if (replaced.length === 0) return Buffer.from(text, "utf8")
  // No character takes more than 3 bytes per UTF-16 unit, and none of these replacements does.
  const bytes = Buffer.allocUnsafe(text.length * 3)
  let length = 0
  let from = 0
  for (let i = 0; ; i++) {
    const at = text.indexOf(REPLACEMENT, from)
    const end = at < 0 ? text.length : at
    if (end - from === 1 && text.charCodeAt(from) < 0x80) bytes[length++] = text.charCodeAt(from)
    else if (end > from) length += bytes.write(text.slice(from, end), length, "utf8")
    if (at < 0) return bytes.subarray(0, length)
    const hex = replaced[i] ?? GENUINE
    for (let digit = 0; digit < Math.min(hex.length, 6); digit += 2) {
      bytes[length++] = Number.parseInt(hex.slice(digit, digit + 2), 16)
    }
    from = at + 1
  }
}
