/**
 * Terminal output as plain text: UTF-8 decoded, escape sequences and control characters removed, except newline and tab.
 *
 * Works on chunks cut anywhere and keeps only where it is in a sequence, never the sequence itself, so hostile output
 * cannot make it grow. A string sequence without an end is given up after `MAX_STRING` characters, as terminals do,
 * or one stray `ESC ]` would hide everything after it.
 */

const MAX_STRING = 1024 * 1024

const State = {
  Ground: 0,
  /** After ESC. */
  Escape: 1,
  /** After ESC and an intermediate, as in `ESC ( B`. */
  Intermediate: 2,
  Csi: 3,
  /** In an OSC, which BEL ends too. */
  Osc: 4,
  /** In DCS, SOS, PM or APC. */
  String: 5
} as const
type State = (typeof State)[keyof typeof State]

/** What ends a run of printable text: C0 and C1 controls and DEL, without tab and newline. */
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g
/** What can end a string sequence: BEL, CAN, SUB, ESC, ST. */
const STRING_END = /[\x07\x18\x1a\x1b\x9c]/g

const BEL = 0x07
const CAN = 0x18
const SUB = 0x1a
const ESC = 0x1b

const indexOf = (pattern: RegExp, text: string, from: number): number => {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}

/** What begins with this C1 control, or with ESC and the character 0x40 below it. */
const opened = (c1: number): State => {
  if (c1 === 0x9b) return State.Csi
  if (c1 === 0x9d) return State.Osc
  return c1 === 0x90 || c1 === 0x98 || c1 === 0x9e || c1 === 0x9f ? State.String : State.Ground
}

/** The state after one character of an escape sequence that is not a string; null when it does not belong to one. */
const advance = (state: State, code: number): State | null => {
  if (code === ESC) return State.Escape
  if (code === CAN || code === SUB) return State.Ground
  // Other controls are carried out in the middle of a sequence, which goes on.
  if (code < 0x20 || code === 0x7f) return state
  if (code > 0x7f) return null
  if (state === State.Csi) return code < 0x40 ? State.Csi : State.Ground
  if (code < 0x30) return State.Intermediate
  return state === State.Escape ? opened(code + 0x40) : State.Ground
}

export class PlainText {
  // A byte order mark is output like any other.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  #state: State = State.Ground
  /** Characters of the string sequence so far. */
  #length = 0

  /** The text of the next bytes. */
  push(bytes: Uint8Array): string {
    return this.#strip(this.#decoder.decode(bytes, { stream: true }))
  }

  /** No more bytes: what a cut-off character leaves behind. */
  end(): string {
    return this.#strip(this.#decoder.decode())
  }

  #strip(text: string): string {
    let out = ""
    let at = 0
    while (at < text.length) {
      if (this.#state === State.Ground) {
        const control = indexOf(CONTROL, text, at)
        out += text.slice(at, control)
        at = control + 1
        if (control < text.length) this.#enter(text.charCodeAt(control))
      } else if (this.#state === State.Osc || this.#state === State.String) {
        at = this.#skipString(text, at)
      } else {
        const code = text.charCodeAt(at)
        const next = advance(this.#state, code)
        if (code === 0x09 || code === 0x0a) out += text[at]
        this.#set(next ?? State.Ground)
        if (next !== null) at++
      }
    }
    return out
  }

  #enter(control: number): void {
    this.#set(control === ESC ? State.Escape : opened(control))
  }

  #set(state: State): void {
    this.#state = state
    this.#length = 0
  }

  /** Where the text goes on after as much of the string as is there. */
  #skipString(text: string, from: number): number {
    const end = indexOf(STRING_END, text, from)
    const given = from + MAX_STRING - this.#length
    if (given <= end) {
      this.#set(State.Ground)
      return given
    }
    this.#length += end - from
    if (end === text.length) return end
    const code = text.charCodeAt(end)
    if (code === ESC) this.#set(State.Escape)
    else if (code !== BEL || this.#state === State.Osc) this.#set(State.Ground)
    return end + 1
  }
}

/** All of it at once. */
export const plainText = (bytes: Uint8Array): string => {
  const text = new PlainText()
  return text.push(bytes) + text.end()
}
