/**
 * Follows what a terminal is switched to by the bytes that are written to it: just enough of an emulator to undo it.
 *
 * One pass over the bytes, no copies: it looks at everything an attached session prints (100 MB in about 0.2 s).
 * Sequences: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, https://sw.kovidgoyal.net/kitty/keyboard-protocol/
 */
import { asksCsi, asksDcs, asksOsc } from "./questions.ts"
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

/** Characters of an OSC that are kept: its number and enough to see whether something follows. */
const OSC_KEPT = 16
/** Characters of a DCS that are kept: enough to tell a question. */
const DCS_KEPT = 2
/** Parameters and intermediates of a CSI that are kept: longer ones (colours) end in `m` and are judged by that. */
const CSI_KEPT = 64

export class TerminalTracker {
  readonly #private = new Map<number, boolean>()
  readonly #ansi = new Map<number, boolean>()
  readonly #colours = new Set<number>()
  #alternate: number | null = null
  #attributes = false
  #keypad = false
  #g0 = false
  #shifted = false
  #cursorStyle = false
  #scrollRegion = false
  #hyperlink = false
  #title = false
  #progress = false
  #modifyOtherKeys = false
  #kitty = { main: 0, alternate: 0 }
  #placed = false
  #last = 0x0a
  #lastOfString = 0
  #mode = Ground
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
      privateModes: this.#private,
      ansiModes: this.#ansi,
      alternate: this.#alternate,
      attributes: this.#attributes,
      keypad: this.#keypad,
      charset: this.#g0 || this.#shifted,
      cursorStyle: this.#cursorStyle,
      scrollRegion: this.#scrollRegion,
      hyperlink: this.#hyperlink,
      title: this.#title,
      progress: this.#progress,
      modifyOtherKeys: this.#modifyOtherKeys,
      kitty: this.#kitty,
      colours: this.#colours,
      midSequence: this.#mode !== Ground,
      placed: this.#placed,
      atLineStart: this.#last === 0x0a || this.#last === 0x0d
    }
  }

  /** Whether a title has been set so far; asked for every chunk, hence not through `state`. */
  get title(): boolean {
    return this.#title
  }

  /** Answers where in these bytes a sequence is complete that the terminal would answer; null: nowhere. */
  scan(bytes: Uint8Array): ReadonlyArray<number> | null {
    this.#questions = null
    let mode = this.#mode
    const length = bytes.length
    for (let at = 0; at < length; at++) {
      const byte = bytes[at]!
      if (mode === Ground) {
        if (byte === ESC) {
          const end = endOfColour(bytes, at)
          if (end === 0) mode = Escape
          else {
            this.#attributes = !(end === at + 2 || (end === at + 3 && bytes[at + 2] === ZERO))
            at = end
          }
        } else {
          if (byte === ENQ) this.#question(at)
          else if (byte === SHIFT_OUT) this.#shifted = true
          else if (byte === SHIFT_IN) this.#shifted = false
          this.#last = byte
        }
      } else if (byte === CAN || byte === SUB) mode = Ground
      else if (mode === Csi) {
        if (byte >= 0x40 && byte <= 0x7e) {
          if (asksCsi(this.#kept, byte)) this.#question(at)
          this.#csi(byte)
          mode = Ground
        } else if (byte === ESC) mode = Escape
        // Text inside a sequence: terminals drop the sequence.
        else if (byte >= 0x80) mode = Ground
        else if (byte >= 0x20 && this.#kept.length < CSI_KEPT) this.#kept += String.fromCharCode(byte)
      } else {
        this.#at = at
        mode = this.#other(mode, byte)
      }
    }
    this.#mode = mode
    return this.#questions
  }

  #question(at: number): void {
    this.#questions ??= []
    this.#questions.push(at)
  }

  #other(mode: number, byte: number): number {
    switch (mode) {
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
        this.#escape(byte)
        return Ground
      case EscapeIntermediate:
        if (byte === ESC) return Escape
        if (byte >= 0x20 && byte <= 0x2f) return EscapeIntermediate
        // ( designates G0, B is ASCII.
        if (this.#intermediate === 0x28) this.#g0 = byte !== 0x42
        return Ground
      case Osc:
        if (byte === BEL) {
          if (asksOsc(this.#kept, this.#lastOfString)) this.#question(this.#at)
          this.#osc()
          return Ground
        }
        if (byte === ESC) {
          // Ended by ST or, like every string, by any other sequence.
          this.#endString(asksOsc(this.#kept, this.#lastOfString))
          this.#osc()
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

  #escape(byte: number): void {
    if (byte === 0x3d)
      this.#keypad = true // =
    else if (byte === 0x3e)
      this.#keypad = false // >
    else if (byte === 0x4d)
      this.#place() // M, reverse index
    else if (byte === 0x63) this.#reset() // c
  }

  #csi(final: number): void {
    const kept = this.#kept
    const first = kept.length === 0 ? 0 : kept.charCodeAt(0)
    if (final === 0x6d) {
      // m. By far the most frequent one, so it comes first and looks at little.
      if (first === 0x3e) this.#modifyOtherKeys = /^>4;[^0]/.test(kept)
      else if (first < 0x3c || first > 0x3f) this.#attributes = kept !== "" && kept !== "0"
      return
    }
    switch (final) {
      case 0x68: // h
      case 0x6c: // l
        this.#setModes(kept, final === 0x68)
        break
      case 0x48: // H
      case 0x66: // f
      case 0x64: // d
        if (first === 0 || (first >= 0x30 && first <= 0x3b)) this.#place()
        break
      case 0x72: // r
        if (first !== 0x3f) this.#scrollRegion = /[1-9]/.test(kept)
        break
      case 0x71: // q, with a space before it
        if (kept.endsWith(" ")) this.#cursorStyle = !/^0? $/.test(kept)
        break
      case 0x75: // u
        this.#kittyKeyboard(kept)
        break
      case 0x70: // p
        if (kept === "!") this.#softReset()
        break
    }
  }

  #setModes(kept: string, on: boolean): void {
    const isPrivate = kept.startsWith("?")
    for (const part of (isPrivate ? kept.slice(1) : kept).split(";")) {
      const mode = Number.parseInt(part, 10)
      if (Number.isNaN(mode)) continue
      if (!isPrivate) this.#ansi.set(mode, on)
      else if (mode === 47 || mode === 1047 || mode === 1049) this.#alternate = on ? mode : null
      else this.#private.set(mode, on)
    }
  }

  #kittyKeyboard(kept: string): void {
    const screen = this.#alternate === null ? "main" : "alternate"
    const count = Number.parseInt(kept.slice(1), 10)
    if (kept.startsWith(">")) this.#kitty[screen] += 1
    else if (kept.startsWith("<")) this.#kitty[screen] = Math.max(0, this.#kitty[screen] - (count || 1))
    // Setting flags without pushing: counts as one entry, popping it leaves the terminal's own flags.
    else if (kept.startsWith("=") && count > 0) this.#kitty[screen] = Math.max(1, this.#kitty[screen])
  }

  #osc(): void {
    const kept = this.#kept
    const number = Number.parseInt(kept, 10)
    if (number <= 2) this.#title = true
    else if (number === 8)
      this.#hyperlink = !/^8;[^;]{0,13};?$/.test(kept) || (kept.length === OSC_KEPT && !/;;/.test(kept))
    else if (number === 9 && kept.startsWith("9;4;")) this.#progress = !kept.startsWith("9;4;0")
    else if (number === 4 || number === 5 || (number >= 10 && number <= 19)) {
      if (!kept.endsWith("?")) this.#colours.add(number)
    } else if (number === 104 || number === 105 || (number >= 110 && number <= 119)) this.#colours.delete(number - 100)
  }

  #place(): void {
    if (this.#alternate === null) this.#placed = true
  }

  #softReset(): void {
    this.#ansi.clear()
    for (const mode of [1, 6, 7, 25]) this.#private.delete(mode)
    this.#attributes = false
    this.#keypad = false
    this.#g0 = false
    this.#shifted = false
    this.#scrollRegion = false
  }

  #reset(): void {
    this.#softReset()
    this.#private.clear()
    this.#alternate = null
    this.#cursorStyle = false
    this.#hyperlink = false
    this.#modifyOtherKeys = false
    this.#kitty = { main: 0, alternate: 0 }
    this.#colours.clear()
    this.#placed = true
  }
}
