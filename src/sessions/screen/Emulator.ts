/**
 * One session's screen: an xterm.js terminal that is fed the session's output, with what it would let hostile output do
 * to the daemon bounded, and with the modes tracked that it does not know.
 */
import type { Terminal } from "@xterm/headless"
import { Effect } from "effect"
import { incompleteTail } from "../transcript/Utf8.ts"
import { cleanTitle, KEYPAD, Modes } from "./Modes.ts"
import { learnCharsets, redraw } from "./Redraw.ts"
import { coreOf, loadTerminal, tame, widenEmoji } from "./Xterm.ts"

/** Lines above the screen that an emulator keeps. */
const SCROLLBACK = 1_000
/** Cells one emulator may have, scrollback included (12 bytes each): a session may be 10000x10000, its screen is not. */
const MAX_CELLS = 2_000_000
const MAX_COLS = 2_000
const MAX_ROWS = 500
/** Bytes parsed at a time, usually in less than a millisecond, and milliseconds after which others get their turn. */
const SLICE = 8 * 1024
const TURN_MS = 5
/** Hyperlinks one emulator tracks; each costs it something with every line scrolled. */
const MAX_LINKS = 1_000
/** Bytes kept of what was fed last, to find where an unfinished sequence began. */
const TAIL = 4 * 1024

export interface Size {
  readonly cols: number
  readonly rows: number
}

/** What is emulated of a terminal of this size. The library needs two columns. */
const bounded = ({ cols, rows }: Size): Size => ({
  cols: Math.min(MAX_COLS, Math.max(2, cols)),
  rows: Math.min(MAX_ROWS, Math.max(1, rows))
})

const scrollbackFor = ({ cols, rows }: Size, most: number) =>
  Math.max(0, Math.min(most, Math.floor(MAX_CELLS / cols) - rows))

export class Emulator {
  readonly terminal: Terminal
  readonly modes: Modes
  #tail: Buffer = Buffer.alloc(0)

  readonly #scrollback: number

  constructor(terminal: Terminal, modes: Modes, scrollback = SCROLLBACK) {
    this.terminal = terminal
    this.modes = modes
    this.#scrollback = scrollback
  }

  /**
   * Feeds output; done when it is parsed. Not through the library's own queue: it parses in a timer, where an exception
   * would be the daemon's end. What hostile output makes it stumble over costs the rest of that slice.
   */
  write(bytes: Uint8Array): Effect.Effect<void> {
    const self = this
    return Effect.gen(function* () {
      const handler = coreOf(self.terminal)._inputHandler
      let since = performance.now()
      for (let from = 0; from < bytes.length; from += SLICE) {
        try {
          handler.parse(bytes.subarray(from, from + SLICE))
        } catch {
          handler._parser.reset()
        }
        if (performance.now() - since < TURN_MS) continue
        yield* Effect.yieldNow
        since = performance.now()
      }
      const tail = bytes.subarray(Math.max(0, bytes.length - TAIL))
      self.#tail = Buffer.concat([self.#tail.subarray(Math.max(0, self.#tail.length + tail.length - TAIL)), tail])
    })
  }

  resize(size: Size): void {
    const { cols, rows } = bounded(size)
    if (cols === this.terminal.cols && rows === this.terminal.rows) return
    this.terminal.options.scrollback = scrollbackFor({ cols, rows }, this.#scrollback)
    this.terminal.resize(cols, rows)
  }

  /** What makes another terminal show the same. */
  redraw(scrollback?: number): Buffer {
    return redraw(this.terminal, this.modes, { scrollback, unfinished: this.#unfinished })
  }

  dispose(): void {
    this.terminal.dispose()
  }

  /** The bytes fed last that belong to a sequence or character whose end is still to come. */
  get #unfinished(): Uint8Array {
    if (coreOf(this.terminal)._inputHandler._parser.currentState === 0) {
      return this.#tail.subarray(this.#tail.length - incompleteTail(this.#tail))
    }
    // Every ESC ends what was before it, so the last one began this. Without one it is too long to be worth repeating.
    const start = this.#tail.lastIndexOf(0x1b)
    return start < 0 ? Buffer.alloc(0) : this.#tail.subarray(start)
  }
}

/** `modes`: those in force in output that is not going to be fed. `scrollback`: lines it keeps above the screen. */
export const makeEmulator = Effect.fnUntraced(function* (size: Size, modes = new Modes(), scrollback = SCROLLBACK) {
  const Library = yield* loadTerminal
  const { cols, rows } = bounded(size)
  const terminal = new Library({
    cols,
    rows,
    scrollback: scrollbackFor({ cols, rows }, scrollback),
    allowProposedApi: true,
    logLevel: "off"
  })
  tame(terminal)
  widenEmoji(terminal)
  learnCharsets(terminal)
  track(terminal, modes)
  return new Emulator(terminal, modes, scrollback)
})

/** Listens to the parser; answering false lets the emulator do its own part too. */
const track = (terminal: Terminal, modes: Modes): void => {
  const { parser } = terminal
  const numbers = (params: ReadonlyArray<number | ReadonlyArray<number>>) =>
    params.flatMap((param) => (typeof param === "number" ? [param] : []))
  const seen = (act: () => void): false => {
    act()
    return false
  }
  for (const final of ["h", "l"]) {
    parser.registerCsiHandler({ prefix: "?", final }, (params) =>
      seen(() => {
        for (const mode of numbers(params)) modes.set(mode, final === "h")
      })
    )
  }
  for (const prefix of [">", "<", "="] as const) {
    parser.registerCsiHandler({ prefix, final: "u" }, (params) =>
      seen(() => modes.keyboard(prefix, numbers(params)[0] ?? 0, numbers(params)[1] ?? 0))
    )
  }
  parser.registerCsiHandler({ prefix: ">", final: "m" }, (params) =>
    seen(() => {
      const [resource, level] = numbers(params)
      if (resource === 4 || resource === undefined) modes.otherKeys(Math.max(0, level ?? 0))
    })
  )
  for (const final of ["=", ">"]) {
    parser.registerEscHandler({ final }, () => seen(() => modes.set(KEYPAD, final === "=")))
  }
  parser.registerCsiHandler({ intermediates: "!", final: "p" }, () => seen(() => modes.softReset()))
  parser.registerEscHandler({ final: "c" }, () => seen(() => modes.fullReset()))
  const tabs = () =>
    seen(() => {
      modes.tabs = true
    })
  parser.registerEscHandler({ final: "H" }, tabs)
  parser.registerCsiHandler({ final: "g" }, tabs)
  terminal.onTitleChange((title) => {
    modes.title = cleanTitle(title)
  })
  let links = 0
  // A link beyond the limit is swallowed; its end, which has no address, always passes.
  parser.registerOscHandler(8, (data) => !data.endsWith(";") && ++links > MAX_LINKS)
}
