/** What the screen tests share: emulators, everything that can be seen of one, and a source without files. */
import { Effect } from "effect"
import { type Emulator, makeEmulator, type Size } from "../../src/sessions/screen/Emulator.ts"
import { type Attributes, type BufferState, coreOf } from "../../src/sessions/screen/Xterm.ts"
import type { TranscriptEntry, TranscriptReader } from "../../src/sessions/transcript/Transcript.ts"
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

/** A palette colour leaves bits of the one before it in the parts it does not use. */
const plain = (color: number) =>
  (color & 0x3000000) === 0x3000000 ? color : color & ~(color & 0x3000000 ? 0xffff00 : 0xffffff)

/** A single underline needs no style, and sometimes has one. */
const underline = (ext: number) => ((ext & 0x1c000000) >>> 26 === 1 ? plain(ext) & ~0x1c000000 : plain(ext))

/** A link's number is the library's own business. */
const look = (emulator: Emulator, { fg, bg, extended }: Attributes) => {
  const link =
    bg & EXTENDED && extended.urlId !== 0 ? coreOf(emulator.terminal)._oscLinkService.getLinkData(extended.urlId) : null
  return [plain(fg), plain(bg & ~EXTENDED), bg & EXTENDED ? underline(extended._ext) : 0, link?.uri ?? null].join()
}

const cells = (emulator: Emulator, which: "normal" | "alternate") => {
  const { terminal } = emulator
  const buffer = terminal.buffer[which]
  return Array.from({ length: terminal.rows }, (_, y) =>
    Array.from({ length: terminal.cols }, (_, x) => {
      const cell = buffer.getLine(buffer.baseY + y)?.getCell(x)
      if (cell === undefined) return "-"
      // Deleting half of a wide character leaves its other half without width: a blank to every eye.
      const half =
        cell.getWidth() === 0 &&
        buffer
          .getLine(buffer.baseY + y)
          ?.getCell(x - 1)
          ?.getWidth() !== 2
      const width = half ? 1 : cell.getWidth()
      const text = width === 1 && (half || cell.getChars() === "") ? " " : cell.getChars()
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

/** Everything that can be seen of a terminal, or felt by what is printed next. */
export const seen = (emulator: Emulator) => {
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

/** A transcript in memory that counts how often it is asked. */
export const memoryTranscript = (size: Size) => {
  const entries: Array<TranscriptEntry> = []
  let end = 0
  const asked: Array<number> = []
  const reader: TranscriptReader = {
    header: { ...header(), ...size },
    live: true,
    end: Effect.sync(() => end),
    sizeAt: (offset) =>
      Effect.sync(() => {
        const resize = entries.findLast((entry) => entry.kind === "resize" && entry.offset <= offset)
        return resize?.kind === "resize" ? { cols: resize.cols, rows: resize.rows } : size
      }),
    read: (from, limit) =>
      Effect.sync(() => {
        asked.push(from)
        const all = Buffer.concat(entries.flatMap((entry) => (entry.kind === "output" ? [entry.bytes] : [])))
        return { from, bytes: all.subarray(from, from + limit), missing: 0 }
      }),
    entries: (from) =>
      Effect.sync(() => {
        asked.push(from)
        const later = entries.filter((entry) => entry.kind !== "gap" && entry.offset >= from)
        return { entries: later, next: end }
      })
  }
  return {
    reader,
    asked,
    print: (output: string | Buffer) => {
      const bytes = Buffer.from(output)
      entries.push({ kind: "output", offset: end, at: START, bytes })
      end += bytes.length
    },
    resize: (cols: number, rows: number) => entries.push({ kind: "resize", offset: end, at: START, cols, rows })
  }
}
