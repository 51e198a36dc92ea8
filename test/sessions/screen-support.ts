/** What the screen tests share: emulators, everything that can be seen of one, and a source without files. */
import { Effect } from "effect"
import { type Emulator, makeEmulator, type Size } from "../../src/sessions/screen/Emulator.ts"
import { type Attributes, type BufferState, coreOf } from "../../src/sessions/screen/Xterm.ts"
import type {
  ResizeEntry,
  TranscriptEntry,
  TranscriptPage,
  TranscriptReader
} from "../../src/sessions/transcript/Transcript.ts"
import { header, START } from "./transcript-support.ts"

export const emulate = (output: string | Uint8Array, size: Size = { cols: 20, rows: 6 }) =>
  Effect.gen(function* () {
    const emulator = yield* makeEmulator(size)
    yield* emulator.write(typeof output === "string" ? Buffer.from(output) : output)
    return emulator
  })

/** A second terminal of the same size that was sent the redraw of the first. */
export const redrawn = (emulator: Emulator, scrollback?: number, before = "") =>
  Effect.gen(function* () {
    const { cols, rows } = emulator.terminal
    const other = yield* emulate(before, { cols, rows })
    yield* other.write(emulator.redraw(scrollback))
    return other
  })

const EXTENDED = 0x10000000
const UNDERLINE = 0x10000000

/** A palette colour leaves bits of the one before it in the parts it does not use. */
const plain = (color: number) =>
  (color & 0x3000000) === 0x3000000 ? color : color & ~(color & 0x3000000 ? 0xffff00 : 0xffffff)

/** A single underline needs no style, and sometimes has one. */
const underline = (ext: number) => ((ext & 0x1c000000) >>> 26 === 1 ? plain(ext) & ~0x1c000000 : plain(ext))

/** A link's number is the library's own business. */
const look = (emulator: Emulator, { fg, bg, extended }: Attributes) => {
  const link =
    bg & EXTENDED && extended.urlId !== 0 ? coreOf(emulator.terminal)._oscLinkService.getLinkData(extended.urlId) : null
  return [
    plain(fg),
    plain(bg & ~EXTENDED),
    bg & EXTENDED && fg & UNDERLINE ? underline(extended._ext) : 0,
    link?.uri ?? null
  ].join()
}

const cells = (emulator: Emulator, which: "normal" | "alternate") => {
  const { terminal } = emulator
  const buffer = terminal.buffer[which]
  return Array.from({ length: terminal.rows }, (_, y) =>
    Array.from({ length: terminal.cols }, (_, x) => {
      const cell = buffer.getLine(buffer.baseY + y)?.getCell(x)
      if (cell === undefined) return "-"
      // Overwriting half of a wide character leaves the other half in one of several ways: a blank to every eye.
      const second =
        buffer
          .getLine(buffer.baseY + y)
          ?.getCell(x - 1)
          ?.getWidth() === 2
      const half = cell.getWidth() === 0 && !second
      const width = second ? 0 : half ? 1 : cell.getWidth()
      const text = width === 0 ? "" : half || cell.getChars() === "" ? " " : cell.getChars()
      return `${text}|${width}|${look(emulator, cell as unknown as Attributes)}`
    })
  )
}

const stateOf = (emulator: Emulator, state: BufferState) => {
  const { scrollTop, scrollBottom, savedX, savedY, ybase, savedCurAttrData, savedCharset, tabs } = state
  return {
    margins: [scrollTop, scrollBottom],
    saved: [
      Math.min(savedX, emulator.terminal.cols - 1),
      Math.min(emulator.terminal.rows - 1, Math.max(0, savedY - ybase))
    ],
    savedLook: [plain(savedCurAttrData.fg), plain(savedCurAttrData.bg & ~EXTENDED)],
    savedCharset: savedCharset?.q ?? savedCharset?.["#"] ?? null,
    tabs: Array.from({ length: emulator.terminal.cols }, (_, x) => x).filter((x) => tabs[x] === true)
  }
}

/**
 * Everything that can be seen of a terminal, or felt by what is printed next. `links: false` leaves hyperlinks out: the
 * library forgets one when the line it began in goes, and a redraw may have begun it in another line.
 */
export const seen = (emulator: Emulator, { links = true } = {}): unknown => {
  const state = allOf(emulator)
  return links ? state : JSON.parse(JSON.stringify(state).replaceAll(LINK, ""))
}

const LINK = "http://x.y/z"

const allOf = (emulator: Emulator) => {
  const { terminal, modes } = emulator
  const core = coreOf(terminal)
  const { normal, active } = core._bufferService.buffers
  const alternate = terminal.buffer.active.type === "alternate"
  return {
    alternate,
    cursor: [active.x, active.y],
    normal: cells(emulator, "normal"),
    ...(alternate ? { shown: cells(emulator, "alternate") } : {}),
    state: stateOf(emulator, active),
    normalSaved: stateOf(emulator, normal).saved,
    pen: look(emulator, core._inputHandler._curAttrData),
    charset: core._charsetService.charset?.q ?? core._charsetService.charset?.["#"] ?? null,
    modes: terminal.modes,
    private: { ...core.coreService.decPrivateModes },
    visible: modes.get(25),
    tracked: modes.sequences,
    keyboard: [modes.keyboardOf("normal"), modes.keyboardOf("alternate")],
    newline: terminal.options.convertEol
  }
}

export const text = (emulator: Emulator) => {
  const { active } = emulator.terminal.buffer
  return Array.from({ length: emulator.terminal.rows }, (_, y) =>
    active.getLine(active.baseY + y)?.translateToString(true)
  )
}

/** A transcript in memory that notes what it is asked for. */
export const memoryTranscript = (size: Size) => {
  const resizes: Array<ResizeEntry> = []
  const asked: Array<number> = []
  let all: Buffer = Buffer.alloc(0)
  const page = (from: number, limit: number): TranscriptPage => {
    asked.push(from)
    const to = Math.min(all.length, from + limit)
    const inside = resizes.filter(({ offset }) => offset >= from && (offset < to || to === all.length))
    const cuts = [from, ...inside.map(({ offset }) => offset), to]
    const entries = cuts.slice(1).flatMap((cut, i): ReadonlyArray<TranscriptEntry> => {
      const bytes = all.subarray(cuts[i], cut)
      const output: TranscriptEntry = { kind: "output", offset: cuts[i]!, at: START, bytes }
      return [...(bytes.length > 0 ? [output] : []), ...inside.slice(i, i + 1)]
    })
    return { entries, next: to }
  }
  const reader: TranscriptReader = {
    header: { ...header(), ...size },
    live: true,
    end: Effect.sync(() => all.length),
    sizeAt: (at) => Effect.sync(() => resizes.findLast(({ offset }) => offset <= at) ?? size),
    read: (from, limit) => Effect.sync(() => ({ from, bytes: all.subarray(from, from + limit), missing: 0 })),
    entries: (from, limit) => Effect.sync(() => page(from, limit))
  }
  return {
    reader,
    asked,
    print: (output: string | Buffer) => {
      all = Buffer.concat([all, Buffer.from(output)])
    },
    resize: (cols: number, rows: number) => {
      resizes.push({ kind: "resize", offset: all.length, at: START, cols, rows })
    }
  }
}
