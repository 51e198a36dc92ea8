/**
 * Everything a terminal must be told to be in the state an emulator is in: both screens, scroll regions, saved cursors,
 * tab stops, character sets, modes, pen and cursor, and the beginning of a sequence that is cut in the middle.
 */
import type { IBuffer, Terminal } from "@xterm/headless"
import type { Modes } from "./Modes.ts"
import { Painter, sgr, underlineColor } from "./Paint.ts"
import { type BufferState, type Charset, coreOf, HAS_EXTENDED } from "./Xterm.ts"

/**
 * Brings a terminal that may be anywhere back to where drawing can begin. DECSTR alone is not enough: it leaves the
 * alternate screen, mouse modes and (depending on the terminal) auto-wrap as they are.
 */
const CLEAN =
  "\x1b[?1049l\x1b[!p\x1b[?1;6;9;45;66;1000;1002;1003;1004;1005;1006;1015;1016;2004;2026l\x1b[?7;25h\x1b[4;20l" +
  "\x1b>\x1b(B\x1b)B\x0f\x1b[0 q\x1b[r\x1b[m\x1b[H\x1b[2J"

export interface RedrawOptions {
  /** Lines above the screen to draw too; they end up in the terminal's own scrollback. */
  readonly scrollback?: number | undefined
  /** Bytes of a sequence or character that the emulator is in the middle of. */
  readonly unfinished: Uint8Array
}

export const redraw = (terminal: Terminal, modes: Modes, options: RedrawOptions): Buffer => {
  const { normal: normalView, alternate: alternateView, active } = terminal.buffer
  const core = coreOf(terminal)
  const { normal, alt } = core._bufferService.buffers
  const isAlternate = active.type === "alternate"
  const painter = new Painter(terminal).raw(modes.undo).raw(CLEAN).raw(modes.undo)

  const above = Math.min(options.scrollback ?? 0, normalView.baseY)
  // With lines above, the screen's blank ones are needed too: they push the others up and out.
  const last = above > 0 ? bottom(terminal, normalView) : lastDrawn(terminal, normalView)
  painter.lines(normalView, normalView.baseY - above, last)
  painter.raw(modes.keyboardOf("normal"))
  if (isAlternate) {
    // Entering the alternate screen saves the cursor, as the program's own way in did.
    if (modes.tabs) painter.raw(tabStops(terminal, normal))
    painter.raw(margins(terminal, normal)).raw(savedCursor(normal))
    painter.raw("\x1b[?1049h\x1b[r\x1b(B\x1b[m\x1b[2J\x1b[H").raw(modes.undo).resetPen()
    painter.lines(alternateView, 0, lastDrawn(terminal, alternateView)).raw(modes.keyboardOf("alternate"))
  }
  const state = isAlternate ? alt : normal
  if (modes.tabs) painter.raw(tabStops(terminal, state))
  painter
    .raw(`${savedCursor(state)}\x1b7\x1b(B`)
    .resetPen()
    .raw(margins(terminal, state))
  cursor(painter, terminal, active, state)
  painter.raw(charsets(terminal)).raw(modes.sequences).raw(others(terminal))
  lastPrinted(painter, terminal, active, state)
  return Buffer.concat([Buffer.from(painter.text), options.unfinished])
}

const bottom = (terminal: Terminal, view: IBuffer) => view.baseY + terminal.rows - 1

/** The last line of the screen that has anything on it. */
const lastDrawn = (terminal: Terminal, view: IBuffer): number => {
  for (let y = bottom(terminal, view); y > view.baseY; y--) {
    const line = view.getLine(y)
    for (let x = 0; line !== undefined && x < terminal.cols; x++) {
      const cell = line.getCell(x)
      if (cell !== undefined && (cell.getChars() !== "" || !cell.isAttributeDefault())) return y
    }
  }
  return view.baseY
}

const margins = (terminal: Terminal, { scrollTop, scrollBottom }: BufferState): string =>
  scrollTop === 0 && scrollBottom === terminal.rows - 1 ? "" : `\x1b[${scrollTop + 1};${scrollBottom + 1}r`

/** Puts cursor, pen and character set where the saved ones are, for the sequence that saves them. */
const savedCursor = ({ savedX, savedY, ybase, savedCurAttrData, savedCharset }: BufferState): string =>
  `\x1b[${Math.max(0, savedY - ybase) + 1};${savedX + 1}H${sgr(savedCurAttrData)}${designate("(", savedCharset)}`

const tabStops = (terminal: Terminal, { tabs }: BufferState): string => {
  const columns = Array.from({ length: terminal.cols }, (_, x) => x)
  const stops = columns.filter((x) => tabs[x] === true)
  return `\x1b[3g${stops.map((x) => `\x1b[1;${x + 1}H\x1bH`).join("")}`
}

const cursor = (painter: Painter, terminal: Terminal, view: IBuffer, state: BufferState): void => {
  if (coreOf(terminal).coreService.decPrivateModes.origin) painter.raw("\x1b[?6h")
  // Behind the last column, about to wrap: only printing brings a cursor there.
  if (state.x >= terminal.cols) printBefore(painter, terminal, view, state)
  else painter.raw(moveTo(terminal, state, state.x))
  const pen = coreOf(terminal)._inputHandler._curAttrData
  painter.pen(pen).raw(pen.bg & HAS_EXTENDED ? "" : underlineColor(pen))
}

/** Rows count from the margin in origin mode, which is in force already. */
const moveTo = (terminal: Terminal, state: BufferState, x: number): string => {
  const { origin } = coreOf(terminal).coreService.decPrivateModes
  return `\x1b[${state.y - (origin ? state.scrollTop : 0) + 1};${x + 1}H`
}

/** Column of the character before the cursor, which may be two columns wide. */
const columnBefore = (view: IBuffer, { x, y }: BufferState): number =>
  x > 1 &&
  view
    .getLine(view.baseY + y)
    ?.getCell(x - 2)
    ?.getWidth() === 2
    ? x - 2
    : x - 1

/** Prints the character before the cursor again, and so puts the cursor behind it. */
const printBefore = (painter: Painter, terminal: Terminal, view: IBuffer, state: BufferState): void => {
  const x = columnBefore(view, state)
  painter.raw(moveTo(terminal, state, x)).cell(view, view.baseY + state.y, x)
}

/**
 * When the last thing the program did was to print, a combining mark may follow: then that character goes last here too.
 * Not where printing it again would do something else: while inserting, in another character set, about to wrap but not
 * allowed to.
 */
const lastPrinted = (painter: Painter, terminal: Terminal, view: IBuffer, state: BufferState): void => {
  const { _inputHandler, _charsetService, coreService } = coreOf(terminal)
  if (_inputHandler._parser.precedingJoinState === 0 || state.x === 0) return
  if (coreService.modes.insertMode || _charsetService.charset !== undefined) return
  if (!terminal.modes.wraparoundMode && state.x >= terminal.cols) return
  const x = columnBefore(view, state)
  const cell = view.getLine(view.baseY + state.y)?.getCell(x)
  if (cell === undefined || cell.getChars() === "" || !painter.fits(cell)) return
  // Not behind it but in its middle, where a wide one did not fit.
  if (x + Math.max(1, cell.getWidth()) !== state.x) return
  printBefore(painter, terminal, view, state)
}

/** Finals of the sequences that designate a character set, for those that are not ASCII (ECMA-35, DEC). */
const CHARSETS = ["0", "A", "4", "5", "6", "7", "C", "E", "H", "K", "Q", "R", "Y", "Z", "="]
const INTO = ["(", ")", "*", "+"] as const

/** Which table belongs to which final; the tables themselves have no name outside of the library. */
let charsetNames: ReadonlyMap<Charset, string> | null = null
export const learnCharsets = (terminal: Terminal): void => {
  if (charsetNames !== null) return
  const { _inputHandler, _charsetService } = coreOf(terminal)
  const names = new Map<Charset, string>()
  for (const name of CHARSETS) {
    _inputHandler.selectCharset(`(${name}`)
    const table = _charsetService._charsets[0]
    if (table !== undefined && !names.has(table)) names.set(table, name)
  }
  _inputHandler.selectCharset("(B")
  charsetNames = names
}

const designate = (into: (typeof INTO)[number], charset: Charset): string => {
  const name = charsetNames?.get(charset)
  return name === undefined ? "" : `\x1b${into}${name}`
}

const charsets = (terminal: Terminal): string => {
  const { glevel, charset, _charsets } = coreOf(terminal)._charsetService
  // A restored cursor may have brought back a set that is designated nowhere now: what it prints with is what counts.
  const designated = INTO.map((into, level) => designate(into, level === glevel ? charset : _charsets[level]))
  return designated.join("") + ["", "\x0e", "\x1bn", "\x1bo"][glevel]
}

const STYLES = { block: 1, underline: 3, bar: 5 }

const others = (terminal: Terminal): string => {
  const { modes, decPrivateModes } = coreOf(terminal).coreService
  const { cursorStyle, cursorBlink } = decPrivateModes
  const style = cursorStyle === undefined ? "" : `\x1b[${STYLES[cursorStyle] + (cursorBlink === false ? 1 : 0)} q`
  return style + (terminal.options.convertEol === true ? "\x1b[20h" : "") + (modes.insertMode ? "\x1b[4h" : "")
}
