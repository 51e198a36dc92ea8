/**
 * What a terminal has been switched to, sequence by sequence: just enough of an emulator to undo it.
 *
 * Sequences: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, https://sw.kovidgoyal.net/kitty/keyboard-protocol/
 */
import type { TerminalState } from "./TerminalState.ts"

/** Characters of an OSC that are kept: its number and enough to see whether something follows. */
export const OSC_KEPT = 16

export class TerminalModes {
  readonly #private = new Map<number, boolean>()
  readonly #ansi = new Map<number, boolean>()
  readonly #colours = new Set<number>()
  #alternate: number | null = null
  /** Colours and the like are on. */
  attributes = false
  #keypad = false
  /** Another character set than ASCII is designated as G0. */
  g0 = false
  /** G1 is in use. */
  shifted = false
  #cursorStyle = false
  #scrollRegion = false
  #hyperlink = false
  title = false
  #progress = false
  #modifyOtherKeys = false
  #kitty = { main: 0, alternate: 0 }
  #placed = false

  /** What of it is told; `TerminalTracker` knows the rest. */
  get told(): Omit<TerminalState, "midSequence" | "atLineStart"> {
    return {
      privateModes: this.#private,
      ansiModes: this.#ansi,
      alternate: this.#alternate,
      attributes: this.attributes,
      keypad: this.#keypad,
      charset: this.g0 || this.shifted,
      cursorStyle: this.#cursorStyle,
      scrollRegion: this.#scrollRegion,
      hyperlink: this.#hyperlink,
      title: this.title,
      progress: this.#progress,
      modifyOtherKeys: this.#modifyOtherKeys,
      kitty: this.#kitty,
      colours: this.#colours,
      placed: this.#placed
    }
  }

  /** ESC and this character. */
  escape(byte: number): void {
    if (byte === 0x3d)
      this.#keypad = true // =
    else if (byte === 0x3e)
      this.#keypad = false // >
    else if (byte === 0x4d)
      this.#place() // M, reverse index
    else if (byte === 0x63) this.#reset() // c
  }

  /** A control sequence: what stood before its last character, and that. */
  csi(kept: string, final: number): void {
    const first = kept.length === 0 ? 0 : kept.charCodeAt(0)
    if (final === 0x6d) {
      // m. By far the most frequent one, so it comes first and looks at little.
      if (first === 0x3e) this.#modifyOtherKeys = /^>4;[^0]/.test(kept)
      else if (first < 0x3c || first > 0x3f) this.attributes = kept !== "" && kept !== "0"
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

  /** An operating system command: the first `OSC_KEPT` characters of it. */
  osc(kept: string): void {
    const number = Number.parseInt(kept, 10)
    if (number <= 2) this.title = true
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
    this.attributes = false
    this.#keypad = false
    this.g0 = false
    this.shifted = false
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
