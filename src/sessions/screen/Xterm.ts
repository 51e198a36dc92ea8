/**
 * The emulator library, loaded when the first screen is asked for, and a typed view of the parts of its inside that
 * have no public name. Everything that depends on xterm.js's internals, version 6.0, is declared here.
 */
import type { IBufferCell, IBufferLine, Terminal } from "@xterm/headless"
import { Effect } from "effect"

/** A cell's or pen's attributes, packed as xterm.js packs them. */
export interface Attributes {
  readonly fg: number
  readonly bg: number
  /** Underline style and colour, and the hyperlink; counts only if `bg` says so. */
  readonly extended: Extended
}

interface Extended {
  readonly _ext: number
  readonly urlId: number
  clone(): Extended
}

export type Cell = IBufferCell & Attributes

export type Charset = Readonly<Record<string, string>> | undefined

export interface BufferState {
  /** Equal to the number of columns when the cursor is about to wrap. */
  x: number
  readonly y: number
  /** Lines above the screen. */
  ybase: number
  ydisp: number
  readonly scrollTop: number
  readonly scrollBottom: number
  readonly savedX: number
  /** Counted from the first line that is kept. */
  savedY: number
  readonly savedCurAttrData: Attributes & { extended: Extended }
  readonly savedCharset: Charset
  readonly tabs: Readonly<Record<number, boolean | undefined>>
  readonly lines: {
    get(index: number): { getString(x: number): string } | undefined
    trimStart(count: number): void
  }
}

interface Params {
  readonly params: Int32Array
}

interface UnicodeProvider {
  readonly version: string
  wcwidth(code: number): 0 | 1 | 2
  charProperties(code: number, preceding: number): number
}

export interface Core {
  readonly coreService: {
    readonly decPrivateModes: {
      readonly origin: boolean
      readonly cursorStyle: "block" | "underline" | "bar" | undefined
      readonly cursorBlink: boolean | undefined
    }
    readonly modes: { readonly insertMode: boolean }
  }
  readonly _charsetService: {
    readonly glevel: number
    readonly charset: Charset
    readonly _charsets: ReadonlyArray<Charset>
  }
  readonly _bufferService: {
    readonly buffers: { readonly normal: BufferState; readonly alt: BufferState; readonly active: BufferState }
  }
  readonly _oscLinkService: { getLinkData(id: number): { readonly id?: string; readonly uri: string } | undefined }
  readonly unicodeService: { readonly _activeProvider: UnicodeProvider }
  readonly _inputHandler: {
    readonly _curAttrData: Attributes & { extended: Extended }
    readonly _parser: { readonly currentState: number; readonly precedingJoinState: number; reset(): void }
    selectCharset(collectAndFlag: string): boolean
    parse(bytes: Uint8Array): unknown
  } & Record<string, unknown>
}

/** The one place where the inside is looked into. */
export const coreOf = (terminal: Terminal): Core => (terminal as unknown as { readonly _core: Core })._core

/** Forgets what has scrolled out of the normal screen, as if it had never been. */
export const forgetScrolled = (terminal: Terminal): void => {
  const { normal } = coreOf(terminal)._bufferService.buffers
  const count = normal.ybase
  normal.lines.trimStart(count)
  normal.ybase = 0
  normal.ydisp = 0
  normal.savedY = Math.max(0, normal.savedY - count)
}

/** A cell to load others into; one for a whole loop. */
export const emptyCell = (terminal: Terminal): Cell => terminal.buffer.active.getNullCell() as Cell

export const loadCell = (line: IBufferLine, x: number, cell: Cell): Cell => (line.getCell(x, cell) ?? cell) as Cell

/** CommonJS whose names Node cannot see, hence `default`. */
export const loadTerminal = Effect.promise(async () => {
  const { default: library } = await import("@xterm/headless")
  return library.Terminal
})

/** The bit of `bg` that says that `extended` counts. */
export const HAS_EXTENDED = 0x10000000

/** UTF-16 units of one cell that are repeated; more are combining characters piled up to make REP allocate without end. */
const MAX_REPEATED = 64

/**
 * Bounds what a single sequence can cost, and keeps a fault of the library away from the daemon. Handlers loop as often
 * as their parameter says, which goes up to 2^31: a line of seven bytes could stop the daemon for good.
 */
export const tame = (terminal: Terminal): void => {
  const core = coreOf(terminal)
  const replace = (name: string, instead: (params: Params, original: (params: Params) => boolean) => boolean) => {
    const handlers = core._inputHandler
    const original = handlers[name]
    if (typeof original !== "function") throw new Error(`xterm.js has no ${name} any more: look at Xterm.ts again`)
    handlers[name] = (params: Params) => instead(params, (clamped) => Boolean(original.call(handlers, clamped)))
  }
  const clamp = (name: string, limit: () => number) =>
    replace(name, (params, original) => {
      if ((params.params[0] ?? 0) > limit()) params.params[0] = limit()
      return original(params)
    })
  // More lines than there are rows change nothing; tabs and REP have nothing to do beyond the last cell.
  for (const name of ["insertLines", "deleteLines", "scrollUp", "scrollDown"]) clamp(name, () => terminal.rows)
  for (const name of ["cursorForwardTab", "cursorBackwardTab"]) clamp(name, () => terminal.cols)
  clamp("repeatPrecedingCharacter", () => terminal.cols * terminal.rows)
  replace("repeatPrecedingCharacter", (params, original) => {
    const { lines, ybase, x, y } = core._bufferService.buffers.active
    const cell = lines.get(ybase + y)?.getString(Math.max(0, x - 1)) ?? ""
    return cell.length > MAX_REPEATED || original(params)
  })
  // Version 6.0 throws for ED 1 in the last column, where it looks for the row below the screen: EL 1 does that row.
  replace("eraseInDisplay", (params, original) => {
    const { active } = core._bufferService.buffers
    const { x } = active
    if (params.params[0] !== 1 || x + 1 < terminal.cols) return original(params)
    const eraseInLine = core._inputHandler.eraseInLine
    if (typeof eraseInLine === "function") eraseInLine.call(core._inputHandler, params)
    active.x = terminal.cols - 2
    const handled = original(params)
    active.x = Math.min(x, terminal.cols)
    return handled
  })
  // It saves and restores a pen without its underline style and colour, and so restores those of another one.
  replace("saveCursor", (params, original) => {
    const { savedCurAttrData } = core._bufferService.buffers.active
    savedCurAttrData.extended = core._inputHandler._curAttrData.extended.clone()
    return original(params)
  })
  replace("restoreCursor", (params, original) => {
    const { bg, extended } = core._bufferService.buffers.active.savedCurAttrData
    core._inputHandler._curAttrData.extended = bg & HAS_EXTENDED ? extended.clone() : emptyCell(terminal).extended
    return original(params)
  })
}

/** Emoji that are shown as such take two columns in terminals of today; the library's own table is from 2012. */
export const widenEmoji = (terminal: Terminal): void => {
  const base = coreOf(terminal).unicodeService._activeProvider
  const emoji = /^\p{Emoji_Presentation}$/u
  const known = new Map<number, boolean>()
  const isEmoji = (code: number): boolean => {
    // Regional indicators are one column each: two make a flag.
    if (code < 0x231a || (code >= 0x1f1e6 && code <= 0x1f1ff)) return false
    let answer = known.get(code)
    if (answer === undefined) {
      answer = emoji.test(String.fromCodePoint(code))
      if (known.size < 4096) known.set(code, answer)
    }
    return answer
  }
  terminal.unicode.register({
    version: "agentd",
    wcwidth: (code: number) => (isEmoji(code) ? 2 : base.wcwidth(code)),
    // Bits 1 and 2 are the width; bit 0 says that it joins the character before.
    charProperties: (code: number, preceding: number) => (isEmoji(code) ? 2 << 1 : base.charProperties(code, preceding))
  } as UnicodeProvider)
  terminal.unicode.activeVersion = "agentd"
}
