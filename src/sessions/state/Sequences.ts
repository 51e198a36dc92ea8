/**
 * Finds in a terminal's output what programs tell the terminal about themselves: OSC sequences, and the bell. Finding them costs next to
 * nothing beside the output: two byte searches, and no look at anything that lies between.
 */

/** `code` and text of `ESC ] code ; text BEL`; the bell by itself has the code -1. */
export interface Sequence {
  readonly code: number
  readonly text: string
}

export const BELL = -1

/** Bytes of a sequence that is worth reading: a title or a sentence. Longer ones are hostile or carry images and clipboards. */
const MAX_BYTES = 4 * 1024
/** Sequences taken out of one piece; a flood of them is passed over up to its last bytes. */
const MAX_SEQUENCES = 256
const LAST_BYTES = 2 * 1024

const ESC = 0x1b
const BEL = 0x07
/** What ends a string sequence: BEL, CAN, SUB, ESC (of ST, or of what cuts it off). */
const ENDS = new Set([BEL, 0x18, 0x1a, ESC])
const BEGIN = Buffer.from("\x1b]")

export class Sequences {
  /** The beginning of a sequence whose end is still to come. */
  #begun: Buffer = Buffer.alloc(0)
  /** In a sequence that is too long to be read; its end is looked for. */
  #skipping = false

  /** Bytes were passed over. */
  reset(): void {
    this.#begun = Buffer.alloc(0)
    this.#skipping = false
  }

  /** In order; the bell comes last, once, however often it rang. */
  push(piece: Uint8Array): ReadonlyArray<Sequence> {
    const bytes = Buffer.concat([this.#begun, piece])
    this.#begun = Buffer.alloc(0)
    const found: Array<Sequence> = []
    let rang = false
    let at = 0
    if (this.#skipping) {
      const end = endOf(bytes, 0, bytes.length)
      if (end === null) return []
      this.#skipping = false
      at = afterEnd(bytes, end)
    }
    for (let count = 0; at < bytes.length; count++) {
      if (count === MAX_SEQUENCES) at = Math.max(at, bytes.length - LAST_BYTES)
      const begin = bytes.indexOf(BEGIN, at)
      const plainEnd = begin < 0 ? bytes.length : begin
      rang ||= bytes.subarray(at, plainEnd).includes(BEL)
      if (begin < 0) {
        // An ESC at the very end may begin one.
        if (bytes[bytes.length - 1] === ESC) this.#begun = Buffer.from([ESC])
        break
      }
      const end = endOf(bytes, begin + 2, begin + 2 + MAX_BYTES)
      if (end === null && bytes.length - begin > MAX_BYTES) {
        const far = endOf(bytes, begin + 2, bytes.length)
        if (far === null) {
          this.#skipping = true
          break
        }
        at = afterEnd(bytes, far)
        continue
      }
      if (end === null || (bytes[end] === ESC && end + 1 === bytes.length)) {
        this.#begun = Buffer.from(bytes.subarray(begin))
        break
      }
      // One that is cut off by another sequence was never said.
      if (bytes[end] === BEL || (bytes[end] === ESC && bytes[end + 1] === 0x5c)) {
        const sequence = read(bytes.toString("utf8", begin + 2, end))
        if (sequence !== null) found.push(sequence)
      }
      at = afterEnd(bytes, end)
    }
    if (rang) found.push({ code: BELL, text: "" })
    return found
  }
}

const endOf = (bytes: Buffer, from: number, limit: number): number | null => {
  const last = Math.min(limit, bytes.length)
  for (let at = from; at < last; at++) if (ENDS.has(bytes[at]!)) return at
  return null
}

/** An ESC that is no ST begins something else. */
const afterEnd = (bytes: Buffer, end: number): number =>
  bytes[end] !== ESC ? end + 1 : bytes[end + 1] === 0x5c ? end + 2 : end

const read = (body: string): Sequence | null => {
  const [, code, text = ""] = /^(\d{1,4})(?:;([\s\S]*))?$/.exec(body) ?? []
  return code === undefined ? null : { code: Number(code), text }
}
