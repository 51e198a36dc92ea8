/**
 * Draws lines of an emulator's buffer with plain, widely understood sequences: text, SGR, erase, move right, newline.
 *
 * Written for any terminal, not only for the emulator itself: each line begins at its own column one, so that a
 * terminal that gives a character another width is off for the rest of that line and no further.
 */
import type { IBuffer, IBufferCell, Terminal } from "@xterm/headless"
import { type Attributes, type Cell, coreOf, emptyCell, HAS_EXTENDED, loadCell } from "./Xterm.ts"

const COLOR_MODE = 0x3000000
const COLOR = 0xffffff
const PALETTE_16 = 0x1000000
const PALETTE_256 = 0x2000000

const INVERSE = 0x4000000
const BOLD = 0x8000000
const UNDERLINE = 0x10000000
const BLINK = 0x20000000
const INVISIBLE = 0x40000000
const STRIKE = 0x80000000
const ITALIC = 0x4000000
const DIM = 0x8000000
const PROTECTED = 0x20000000
const OVERLINE = 0x40000000
const UNDERLINE_STYLE = 0x1c000000
const UNDERLINE_STYLE_SHIFT = 26

/** UTF-16 units of one cell that are sent on: a base and its marks. More are piled up to hurt. */
const MAX_CELL = 32
/** Characters of a link's address that are sent on. */
const MAX_LINK = 2048

const color = (value: number, base: 30 | 40): string => {
  const n = value & COLOR
  switch (value & COLOR_MODE) {
    case PALETTE_16:
      return `;${(n & 0xff) < 8 ? base + (n & 7) : base + 60 + (n & 7)}`
    case PALETTE_256:
      return `;${base + 8};5;${n & 0xff}`
    case COLOR_MODE:
      return `;${base + 8};2;${n >>> 16};${(n >>> 8) & 0xff};${n & 0xff}`
    default:
      return ""
  }
}

/** Sub-parameters come in a sequence of their own: a terminal that does not know them drops just that one. */
const underline = (attributes: Attributes): string => {
  if ((attributes.bg & HAS_EXTENDED) === 0) return ""
  const { _ext: ext } = attributes.extended
  const style = (ext & UNDERLINE_STYLE) >>> UNDERLINE_STYLE_SHIFT
  const styled = style > 1 && (attributes.fg & UNDERLINE) !== 0 ? `\x1b[4:${style}m` : ""
  return styled + underlineColor(attributes)
}

/** Nothing shows it while nothing is underlined, but a pen remembers it. */
export const underlineColor = ({ extended: { _ext: ext } }: Attributes): string => {
  const n = ext & COLOR
  const kind = ext & COLOR_MODE
  if (kind === COLOR_MODE) return `\x1b[58:2::${n >>> 16}:${(n >>> 8) & 0xff}:${n & 0xff}m`
  return kind === 0 ? "" : `\x1b[58:5:${n & 0xff}m`
}

/** The SGR that puts a pen into this state, whatever it was before. */
export const sgr = (attributes: Attributes): string => {
  const { fg, bg } = attributes
  let codes = ""
  if (bg !== 0 || fg !== 0) {
    if (fg & BOLD) codes += ";1"
    if (bg & DIM) codes += ";2"
    if (bg & ITALIC) codes += ";3"
    if (fg & UNDERLINE) codes += ";4"
    if (fg & BLINK) codes += ";5"
    if (fg & INVERSE) codes += ";7"
    if (fg & INVISIBLE) codes += ";8"
    if (fg & STRIKE) codes += ";9"
    if (bg & OVERLINE) codes += ";53"
    codes += color(fg, 30) + color(bg, 40)
  }
  return `\x1b[${codes === "" ? "" : `0${codes}`}m${underline(attributes)}`
}

const sameLook = (a: Attributes, b: Attributes) =>
  // The top bit makes a pen's number negative and a cell's, which comes from an unsigned array, not.
  (a.fg | 0) === (b.fg | 0) &&
  (a.bg | 0) === (b.bg | 0) &&
  ((a.bg & HAS_EXTENDED) === 0 || (a.extended._ext === b.extended._ext && a.extended.urlId === b.extended.urlId))

const NO_EXTENSION = { _ext: 0, urlId: 0, clone: () => NO_EXTENSION }
const PLAIN: Attributes = { fg: 0, bg: 0, extended: NO_EXTENSION }

/** Draws with a pen that it moves only when it has to. */
export class Painter {
  readonly #terminal: Terminal
  readonly #cell: Cell
  #pen = PLAIN
  #link = 0
  readonly #out: Array<string> = []

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#cell = emptyCell(terminal)
  }

  get text(): string {
    return this.#out.join("")
  }

  raw(sequence: string): this {
    if (sequence !== "") this.#out.push(sequence)
    return this
  }

  /** Lines from `first` to `last`, the cursor being in column one of the first. */
  lines(buffer: IBuffer, first: number, last: number): this {
    let flows = false
    for (let y = first; y <= last; y++) {
      const line = buffer.getLine(y)
      if (line === undefined) continue
      if (y > first && !(flows && line.isWrapped && this.#startsWithText(buffer, y))) {
        // A plain pen: newlines at the bottom fill what they bring in with its background.
        this.pen(PLAIN).raw("\r\n")
        flows = false
      }
      flows = this.#line(buffer, y, flows)
    }
    return this
  }

  pen(attributes: Attributes): this {
    if (sameLook(attributes, this.#pen)) return this
    const { fg, bg, extended } = attributes
    if ((bg & PROTECTED) !== (this.#pen.bg & PROTECTED)) this.raw(`\x1b[${bg & PROTECTED ? 1 : 0}"q`)
    this.#pen = { fg, bg, extended: extended.clone() }
    this.raw(sgr(attributes))
    const link = bg & HAS_EXTENDED ? extended.urlId : 0
    if (link !== this.#link) this.#setLink(link)
    return this
  }

  /** Back to a plain pen, whatever was sent past this painter. */
  resetPen(): this {
    if (this.#link !== 0) this.#setLink(0)
    this.#pen = PLAIN
    return this.raw('\x1b[m\x1b[0"q')
  }

  /** The pen as it is would draw this cell. */
  fits(cell: IBufferCell): boolean {
    return sameLook(cell as Cell, this.#pen)
  }

  /** Prints one cell as it is. */
  cell(buffer: IBuffer, y: number, x: number): this {
    const cell = this.#load(buffer, y, x)
    this.pen(cell)
    return this.raw(textOf(cell) || " ")
  }

  /** Answers whether the line ends in its last column with a printed character, so that text can flow on. */
  #line(buffer: IBuffer, y: number, explicit: boolean): boolean {
    const { cols } = this.#terminal
    let x = 0
    while (x < cols) {
      const cell = this.#load(buffer, y, x)
      const text = textOf(cell)
      if (text === "" && isErased(cell)) {
        const from = x
        const { bg } = cell
        do x++
        while (x < cols && isErasedLike(this.#load(buffer, y, x), bg))
        this.#blank(bg, x - from, x === cols, explicit)
        continue
      }
      this.pen(cell).raw(text === "" ? " " : text)
      x += Math.max(1, cell.getWidth())
      if (x >= cols) return true
    }
    return false
  }

  #blank(bg: number, count: number, toTheEnd: boolean, explicit: boolean): void {
    if (bg !== 0 || explicit) {
      this.pen({ ...PLAIN, bg }).raw(toTheEnd ? "\x1b[K" : `\x1b[${count}X`)
    }
    if (!toTheEnd) this.raw(`\x1b[${count}C`)
  }

  #startsWithText(buffer: IBuffer, y: number): boolean {
    const cell = this.#load(buffer, y, 0)
    return cell.getWidth() === 1 && textOf(cell) !== ""
  }

  #load(buffer: IBuffer, y: number, x: number): Cell {
    const line = buffer.getLine(y)
    return line === undefined ? this.#cell : loadCell(line, x, this.#cell)
  }

  #setLink(id: number): void {
    this.#link = id
    const data = id === 0 ? undefined : coreOf(this.#terminal)._oscLinkService.getLinkData(id)
    const clean = (text: string) => text.replace(/[\x00-\x1f\x7f-\x9f]/g, "")
    const uri = clean(data?.uri ?? "")
    const usable = uri !== "" && uri.length <= MAX_LINK
    const key = usable && data?.id !== undefined ? `id=${clean(data.id).replace(/[:;]/g, "").slice(0, 64)}` : ""
    this.raw(`\x1b]8;${key};${usable ? uri : ""}\x1b\\`)
  }
}

/** A cell's text; a mark without a character before it cannot be drawn by itself. */
const textOf = (cell: Cell): string => (cell.getWidth() === 0 ? "" : cell.getChars().slice(0, MAX_CELL))

/** Never printed to, at most erased with a background. Other attributes show on blanks too: then it is drawn as one. */
const isErased = (cell: Cell): boolean => cell.fg === 0 && (cell.bg & ~(COLOR_MODE | COLOR)) === 0
const isErasedLike = (cell: Cell, bg: number): boolean => textOf(cell) === "" && isErased(cell) && cell.bg === bg
