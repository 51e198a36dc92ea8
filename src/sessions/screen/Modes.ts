/**
 * The terminal's modes as the program has switched them, kept as what it takes to switch them on again elsewhere.
 *
 * Fed by the emulator's parser and by the scan of output that is skipped (Prelude.ts). Knows modes by number only, so
 * that one no emulator here understands still reaches the terminal of a client that does.
 */

/** Modes that are on in a fresh terminal: auto-wrap, cursor visible. */
const ON_BY_DEFAULT = new Set([7, 25])

/** Modes that are not state to bring back: column switch, cursor home, screens, saved cursor, synchronised output. */
const NOT_KEPT = new Set([2, 3, 6, 47, 1047, 1048, 1049, 2026])

/** Of each group one is on at most, and switching any of it off ends whichever was (xterm's ctlseqs, "Mouse Tracking"). */
const GROUPS: ReadonlyArray<ReadonlySet<number>> = [new Set([9, 1000, 1002, 1003]), new Set([1005, 1006, 1015, 1016])]

/** Application keypad (DECNKM), better known by its older sequences `ESC =` and `ESC >`. */
export const KEYPAD = 66

/** What a soft reset (DECSTR) puts back: xterm.js's choice, close to the VT510's. */
const SOFT_RESET = [1, 7, 25, 45, KEYPAD, 1004, 2004]

/** Modes remembered at the most: there are some sixty; a program that invents more is no program we know. */
const MAX_MODES = 64
/** Depth of the kitty keyboard protocol's stack, per screen, as terminals limit it. */
const MAX_KEYBOARD = 16
/** Characters of a title that are worth showing; longer ones are hostile or useless. */
const MAX_TITLE = 256

/** A title fit to be shown and sent on: no control characters, not longer than a line. */
export const cleanTitle = (title: string): string =>
  [...title.slice(0, MAX_TITLE * 4).replace(/[\x00-\x1f\x7f-\x9f]/g, "")].slice(0, MAX_TITLE).join("")

export class Modes {
  /** Private modes that differ from a fresh terminal, in the order they were set. */
  readonly #changed = new Map<number, boolean>()
  /** Private modes that were ever switched: a terminal that saw only part of it may have them either way. */
  readonly #touched = new Set<number>()
  #keyboards: [Array<number>, Array<number>] = [[], []]
  #keyboardUsed = false
  /** xterm's modifyOtherKeys. */
  #otherKeys = 0
  #otherKeysUsed = false
  #title = ""
  #titled = false
  alternate = false
  /** Tab stops were set or cleared, perhaps back to what they were. */
  tabs = false

  get title(): string {
    return this.#title
  }
  set title(title: string) {
    this.#title = title
    this.#titled = true
  }

  set(mode: number, on: boolean): void {
    if (mode === 47 || mode === 1047 || mode === 1049) {
      this.alternate = on
      // What a program left on the alternate screen's stack is not brought back to the next one.
      if (!on) this.#keyboards[1] = []
    }
    if (NOT_KEPT.has(mode)) return
    if (this.#touched.size < MAX_MODES) this.#touched.add(mode)
    const group = GROUPS.find((modes) => modes.has(mode))
    for (const other of group ?? []) this.#changed.delete(other)
    this.#changed.delete(mode)
    if (on !== ON_BY_DEFAULT.has(mode) && this.#changed.size < MAX_MODES) this.#changed.set(mode, on)
  }

  get(mode: number): boolean {
    return this.#changed.get(mode) ?? ON_BY_DEFAULT.has(mode)
  }

  /** `CSI > flags u`, `CSI < count u`, `CSI = flags ; how u`: the kitty keyboard protocol. */
  keyboard(prefix: ">" | "<" | "=", first: number, second: number): void {
    const stack = this.#keyboards[this.alternate ? 1 : 0]
    this.#keyboardUsed = true
    if (prefix === ">") {
      stack.push(first)
      if (stack.length > MAX_KEYBOARD) stack.shift()
    } else if (prefix === "<") stack.splice(Math.max(0, stack.length - Math.max(1, first)))
    else {
      const now = stack.pop() ?? 0
      stack.push(second === 2 ? now | first : second === 3 ? now & ~first : first)
    }
  }

  /** `CSI > 4 ; level m`. */
  otherKeys(level: number): void {
    this.#otherKeys = level
    this.#otherKeysUsed = true
  }

  softReset(): void {
    for (const mode of SOFT_RESET) this.#changed.delete(mode)
  }

  fullReset(): void {
    this.#changed.clear()
    this.#keyboards = [[], []]
    this.#otherKeys = 0
    this.alternate = false
  }

  /** What has to be undone, on each screen, in a terminal that showed this session before and may be anywhere. */
  get undo(): string {
    const modes = [...this.#touched].map((mode) => `\x1b[?${mode}${ON_BY_DEFAULT.has(mode) ? "h" : "l"}`).join("")
    return modes + (this.#keyboardUsed ? `\x1b[<${MAX_KEYBOARD}u` : "") + (this.#otherKeysUsed ? "\x1b[>4m" : "")
  }

  /** Switches the keyboard protocol of one screen on; to be sent while that screen is shown. */
  keyboardOf(screen: "normal" | "alternate"): string {
    return this.#keyboards[screen === "normal" ? 0 : 1].map((flags) => `\x1b[>${flags}u`).join("")
  }

  /** Switches everything else on, in a terminal with its modes as they are in a fresh one. */
  get sequences(): string {
    const modes = [...this.#changed].map(([mode, on]) => (mode === KEYPAD ? "\x1b=" : `\x1b[?${mode}${on ? "h" : "l"}`))
    if (this.#otherKeys > 0) modes.push(`\x1b[>4;${this.#otherKeys}m`)
    if (this.#titled) modes.push(`\x1b]2;${this.title}\x07`)
    return modes.join("")
  }
}
