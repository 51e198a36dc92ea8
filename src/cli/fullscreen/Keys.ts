/** Keys from the bytes a terminal sends; what is none that means something here is passed over. Pure but for a sequence cut in two. */
import { StringDecoder } from "node:string_decoder"

const sequences: Readonly<Record<string, string>> = {
  "\x1b[A": "up",
  "\x1bOA": "up",
  "\x1b[B": "down",
  "\x1bOB": "down",
  "\x1b[H": "home",
  "\x1b[1~": "home",
  "\x1b[F": "end",
  "\x1b[4~": "end",
  "\x1b[5~": "page up",
  "\x1b[6~": "page down"
}

const controls: Readonly<Record<string, string>> = {
  "\r": "enter",
  "\n": "enter",
  "\x03": "quit",
  "\x0c": "redraw",
  "\x1a": "suspend",
  "\x1b": "escape",
  "\x7f": "backspace",
  "\x08": "backspace",
  "\x15": "erase"
}

/** What letters mean where nothing is being written. */
const letters: Readonly<Record<string, string>> = { q: "quit", Q: "quit", k: "up", j: "down" }

export const meaning = (key: string): string => letters[key] ?? key

/** Where a key that moves through a list leads, from `at`; null: it does not move. */
export const moved = (key: string, at: number, count: number, page: number): number | null => {
  const moves: Readonly<Record<string, number>> = {
    up: -1,
    down: 1,
    "page up": -page,
    "page down": page,
    home: -count,
    end: count
  }
  const move = moves[key]
  return move === undefined ? null : Math.max(0, Math.min(count - 1, at + move))
}

/** CSI and SS3 sequences (ECMA-48), whole or cut off at the end. */
const SEQUENCE = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|O[\s\S])/
const UNFINISHED = /^\x1b(?:\[[0-?]*[ -/]*|O)$/
/** Characters an unfinished sequence may have. */
const MAX_UNFINISHED = 32

export class Keys {
  readonly #decoder = new StringDecoder("utf8")
  #kept = ""

  /** Named keys, and single characters as they are. */
  feed(bytes: Uint8Array): ReadonlyArray<string> {
    let text = this.#kept + this.#decoder.write(Buffer.from(bytes))
    this.#kept = ""
    const keys: Array<string> = []
    while (text !== "") {
      const sequence = SEQUENCE.exec(text)?.[0]
      if (sequence === undefined && text.length <= MAX_UNFINISHED && UNFINISHED.test(text)) {
        this.#kept = text
        break
      }
      const taken = sequence ?? String.fromCodePoint(text.codePointAt(0)!)
      text = text.slice(taken.length)
      const key = sequence === undefined ? (controls[taken] ?? taken) : sequences[sequence]
      if (key !== undefined) keys.push(key)
    }
    return keys
  }
}
