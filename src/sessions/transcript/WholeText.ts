/**
 * Where a piece of output may be cut so that neither half begins inside a character or an escape sequence.
 */

/** Bytes of an unfinished sequence that are held back at the most; a longer one is an image or no sequence at all. */
const MAX_HELD_BYTES = 4096

const BEL = 0x07
const CAN = 0x18
const SUB = 0x1a
const ESC = 0x1b

type State = "ground" | "escape" | "csi" | "osc" | "string"

const afterEscape = (byte: number): State => {
  if (byte === 0x5b) return "csi"
  if (byte === 0x5d) return "osc"
  // DCS, SOS, PM, APC.
  if (byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) return "string"
  // An intermediate byte, or a control that is carried out in the middle: the final byte is still to come.
  return byte < 0x30 ? "escape" : "ground"
}

/** Length of the longest beginning that is whole. */
export const wholeLength = (bytes: Uint8Array): number => {
  let state: State = "ground"
  let begun = 0
  for (let at = 0; at < bytes.length; at++) {
    if (state === "ground") {
      begun = bytes.indexOf(ESC, at)
      if (begun < 0) break
      at = begun
      state = "escape"
      continue
    }
    const byte = bytes[at]!
    if (byte === CAN || byte === SUB) state = "ground"
    else if (byte === ESC) {
      // Inside a string it may be the first half of its end; anywhere else it begins another sequence.
      if (state !== "osc" && state !== "string") begun = at
      state = "escape"
    } else if (state === "escape") state = afterEscape(byte)
    else if (state === "csi") state = byte >= 0x40 && byte !== 0x7f ? "ground" : "csi"
    else if (state === "osc" && byte === BEL) state = "ground"
  }
  const end = state !== "ground" && bytes.length - begun <= MAX_HELD_BYTES ? begun : bytes.length
  return end - cutCharacter(bytes, end)
}

/** Bytes of an unfinished UTF-8 character right before `end`. */
const cutCharacter = (bytes: Uint8Array, end: number): number => {
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back]!
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    return length > back ? back : 0
  }
  return 0
}
