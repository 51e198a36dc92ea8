/**
 * Finds in output that is not fed to an emulator the modes it leaves behind, so that feeding can begin near the end.
 *
 * An approximation by design: it looks for the sequences themselves, a hundred times faster than an emulator, and does
 * not know what is on the screen. Whatever the program draws from then on is right.
 */
import { cleanTitle, KEYPAD, Modes } from "./Modes.ts"

/** Bytes kept for a sequence that a page boundary cuts; longer ones (only titles can be) are missed. */
const CARRY = 512

const SEQUENCE =
  /\x1b(?:\[\?([\d;]{1,64})([hl])|\[([<>=])(\d{0,5});?(\d{0,5})u|\[>4;?(\d{0,2})m|(\[!p)|(c)|([=>])|\][02];([^\x07\x1b]{0,400})[\x07\x1b])/g

export class Prelude {
  readonly modes: Modes
  #carry = ""

  constructor(modes = new Modes()) {
    this.modes = modes
  }

  /** Looks through the next bytes. */
  scan(bytes: Uint8Array): void {
    const text = this.#carry + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")
    let end = 0
    for (const match of text.matchAll(SEQUENCE)) {
      this.#apply(match)
      end = match.index + match[0].length
    }
    // Never again what was applied: a stack would grow twice.
    this.#carry = text.slice(Math.max(end, text.length - CARRY))
  }

  /** Puts a fresh emulator into these modes. */
  get sequences(): string {
    const alternate = this.modes.alternate ? "\x1b[?1049h" : ""
    return alternate + this.modes.sequences
  }

  #apply(match: RegExpExecArray): void {
    const [, modes, to, prefix, first, second, otherKeys, soft, full, keypad, title] = match
    if (modes !== undefined) for (const mode of modes.split(";")) this.modes.set(Number(mode), to === "h")
    else if (prefix === "<" || prefix === ">" || prefix === "=") {
      this.modes.keyboard(prefix, Number(first), Number(second))
    } else if (otherKeys !== undefined) this.modes.otherKeys(Number(otherKeys))
    else if (soft !== undefined) this.modes.softReset()
    else if (full !== undefined) this.modes.fullReset()
    else if (keypad !== undefined) this.modes.set(KEYPAD, keypad === "=")
    else if (title !== undefined) this.modes.title = cleanTitle(Buffer.from(title, "latin1").toString("utf8"))
  }
}
