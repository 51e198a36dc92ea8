/**
 * Follows the bytes that are written to a terminal: what they switch it to (`TerminalModes.ts`), and where they ask it something.
 *
 * One pass over the bytes, no copies: it looks at everything an attached session prints (100 MB in about 0.2 s).
 */
import { asksCsi, asksDcs, asksOsc } from "./questions.ts"
import { OSC_KEPT, TerminalModes } from "./TerminalModes.ts"
import type { TerminalState } from "./TerminalState.ts"

const ESC = 0x1b
const BEL = 0x07
const CAN = 0x18
const SUB = 0x1a
const ENQ = 0x05
const SHIFT_OUT = 0x0e
const SHIFT_IN = 0x0f

const BRACKET = 0x5b
const ZERO = 0x30
const COLOUR_END = 0x6d

/**
 * Where the sequence that begins here ends, if it is a whole one that sets attributes; else 0. These are by far the most
 * frequent sequences and are judged in place, without keeping their characters.
 */
const endOfColour = (bytes: Uint8Array, start: number): number => {
  if (bytes[start + 1] !== BRACKET) return 0
  for (let at = start + 2; at < bytes.length; at++) {
    const byte = bytes[at]!
    // Digits, colon, semicolon.
    if (byte >= ZERO && byte <= 0x3b) continue
    return byte === COLOUR_END ? at : 0
  }
  return 0
}

/** Where in a sequence the next byte stands. */
const Ground = 0
const Escape = 1
const EscapeIntermediate = 2
const Csi = 3
/** OSC, whose first characters are kept. */
const Osc = 4
/** SOS, PM, APC: skipped to their end. */
const Str = 5
const StrEscape = 6
/** DCS, whose first characters are kept. */
const Dcs = 7

/** Characters of a DCS that are kept: enough to tell a question. */
const DCS_KEPT = 2
/** Parameters and intermediates of a CSI that are kept: longer ones (colours) end in `m` and are judged by that. */
const CSI_KEPT = 64

export class TerminalTracker {
  readonly #terminal = new TerminalModes()
  /** The last character outside of sequences. */
  #last = 0x0a
  #lastOfString = 0
  #within = Ground
  /** Where the bytes are that complete a sequence the terminal answers, in the chunk that is being looked at. */
  #questions: Array<number> | null = null
  /** The string that has just ended was such a sequence: what ends it has two bytes. */
  #asked = false
  #at = 0
  /** What of the current sequence has been kept. */
  #kept = ""
  #intermediate = 0

  get state(): TerminalState {
    return {
      ...this.#terminal.told,
      midSequence: this.#within !== Ground,
      atLineStart: this.#last === 0x0a || this.#last === 0x0d
    }
  }

  /** Whether a title has been set so far; asked for every chunk, hence not through `state`. */
  get title(): boolean {
    return this.#terminal.title
  }

  /** Answers where in these bytes a sequence is complete that the terminal would answer; null: nowhere. */
  scan(bytes: Uint8Array): ReadonlyArray<number> | null {
    this.#questions = null
    let within = this.#within
    const length = bytes.length
    for (let at = 0; at < length; at++) {
      const byte = bytes[at]!
      if (within === Ground) {
        if (byte === ESC) {
          const end = endOfColour(bytes, at)
          if (end === 0) within = Escape
          else {
            this.#terminal.attributes = !(end === at + 2 || (end === at + 3 && bytes[at + 2] === ZERO))
            at = end
          }
        } else {
          if (byte === ENQ) this.#question(at)
          else if (byte === SHIFT_OUT) this.#terminal.shifted = true
          else if (byte === SHIFT_IN) this.#terminal.shifted = false
          this.#last = byte
        }
      } else if (byte === CAN || byte === SUB) within = Ground
      else if (within === Csi) {
        if (byte >= 0x40 && byte <= 0x7e) {
          if (asksCsi(this.#kept, byte)) this.#question(at)
          this.#terminal.csi(this.#kept, byte)
          within = Ground
        } else if (byte === ESC) within = Escape
        // Text inside a sequence: terminals drop the sequence.
        else if (byte >= 0x80) within = Ground
        else if (byte >= 0x20 && this.#kept.length < CSI_KEPT) this.#kept += String.fromCharCode(byte)
      } else {
        this.#at = at
        within = this.#other(within, byte)
      }
    }
    this.#within = within
    return this.#questions
  }

  #question(at: number): void {
    this.#questions ??= []
    this.#questions.push(at)
  }

  #other(within: number, byte: number): number {
    switch (within) {
      case Escape:
        this.#kept = ""
        if (byte === 0x5b) return Csi // [
        if (byte === 0x5d) return Osc // ]
        if (byte === 0x50) return Dcs // P
        if (byte === 0x58 || byte === 0x5e || byte === 0x5f) return Str // X ^ _
        if (byte === ESC) return Escape
        if (byte >= 0x20 && byte <= 0x2f) {
          this.#intermediate = byte
          return EscapeIntermediate
        }
        if (byte === 0x5a) this.#question(this.#at) // Z, as CSI c
        this.#terminal.escape(byte)
        return Ground
      case EscapeIntermediate:
        if (byte === ESC) return Escape
        if (byte >= 0x20 && byte <= 0x2f) return EscapeIntermediate
        // ( designates G0, B is ASCII.
        if (this.#intermediate === 0x28) this.#terminal.g0 = byte !== 0x42
        return Ground
      case Osc:
        if (byte === BEL) {
          if (asksOsc(this.#kept, this.#lastOfString)) this.#question(this.#at)
          this.#terminal.osc(this.#kept)
          return Ground
        }
        if (byte === ESC) {
          // Ended by ST or, like every string, by any other sequence.
          this.#endString(asksOsc(this.#kept, this.#lastOfString))
          this.#terminal.osc(this.#kept)
          return StrEscape
        }
        this.#lastOfString = byte
        if (this.#kept.length < OSC_KEPT) this.#kept += String.fromCharCode(byte)
        return Osc
      case Dcs:
        if (byte === ESC) {
          this.#endString(asksDcs(this.#kept))
          return StrEscape
        }
        if (this.#kept.length < DCS_KEPT) this.#kept += String.fromCharCode(byte)
        return byte === BEL ? Ground : Dcs
      case Str:
        if (byte === ESC) return StrEscape
        return byte === BEL ? Ground : Str
      default: {
        // ESC \ ends a string; any other character begins a sequence of its own.
        const asked = this.#asked
        this.#asked = false
        if (byte !== 0x5c) return this.#other(Escape, byte)
        if (asked) this.#question(this.#at)
        return Ground
      }
    }
  }

  #endString(asks: boolean): void {
    this.#asked = asks
    if (asks) this.#question(this.#at)
  }
}
