/** Keys from the bytes a terminal sends; what is none that means something here is passed over. Pure but for a sequence cut in two. */
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
  q: "quit",
  k: "up",
  j: "down"
}

/** CSI and SS3 sequences (ECMA-48), whole or cut off at the end. */
const SEQUENCE = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|O[\s\S])/
const UNFINISHED = /^\x1b(?:\[[0-?]*[ -/]*|O)$/
/** Characters an unfinished sequence may have. */
const MAX_UNFINISHED = 32

export class Keys {
  #kept = ""

  /** Named keys, and single characters as they are. */
  feed(bytes: Uint8Array): ReadonlyArray<string> {
    let text = this.#kept + Buffer.from(bytes).toString("latin1")
    this.#kept = ""
    const keys: Array<string> = []
    while (text !== "") {
      const sequence = SEQUENCE.exec(text)?.[0]
      if (sequence === undefined && text.length <= MAX_UNFINISHED && UNFINISHED.test(text)) {
        this.#kept = text
        break
      }
      const taken = sequence ?? text[0]!
      text = text.slice(taken.length)
      const key = sequence === undefined ? (controls[taken] ?? taken) : sequences[sequence]
      if (key !== undefined) keys.push(key)
    }
    return keys
  }
}
