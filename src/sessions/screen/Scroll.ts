/**
 * Lines that leave an emulator's screen, gathered while it is fed: a terminal whose scrollback has no end, of which only what is not
 * taken yet is in memory.
 */
import type { IBuffer, IBufferCell } from "@xterm/headless"
import { Effect } from "effect"
import type { StyledLine } from "../../contract/session/Styled.ts"
import type { Emulator } from "./Emulator.ts"
import { styledLine, withoutBlankEnd } from "./Styled.ts"
import { emptyCell, forgetScrolled } from "./Xterm.ts"

/** Bytes fed between two looks at what has scrolled out: as lines of one byte each they do not fill the emulator's scrollback. */
const SLICE = 400
/** Cells of a line after which its next row begins another: output without a newline has to fit into an answer, whatever it looks like. */
const MAX_LINE_CELLS = 4_000

export class Scroll {
  readonly #emulator: Emulator
  readonly #cell: IBufferCell
  #line: Array<StyledLine> = []
  #lineCells = 0
  #lines: Array<StyledLine> = []

  constructor(emulator: Emulator) {
    this.#emulator = emulator
    this.#cell = emptyCell(emulator.terminal)
  }

  /** Feeds output and gathers what it pushes out. */
  feed(bytes: Uint8Array): Effect.Effect<void> {
    const self = this
    return Effect.gen(function* () {
      for (let from = 0; from < bytes.length; from += SLICE) {
        yield* self.#emulator.write(bytes.subarray(from, from + SLICE))
        self.#gather()
      }
    })
  }

  resize(size: { readonly cols: number; readonly rows: number }): void {
    this.#emulator.resize(size)
    this.#gather()
  }

  /** Nothing more is fed: what stands on the screen belongs to it, and a full-screen program's last picture. */
  end(): void {
    const { active, normal } = this.#emulator.terminal.buffer
    for (const buffer of active.type === "alternate" ? [normal, active] : [normal]) {
      this.#rows(buffer, lastWritten(buffer) + 1)
      this.#finish()
    }
  }

  /** Takes whole lines, the oldest first. */
  take(): ReadonlyArray<StyledLine> {
    return this.#lines.splice(0)
  }

  #gather(): void {
    const { normal } = this.#emulator.terminal.buffer
    if (normal.baseY === 0) return
    this.#rows(normal, normal.baseY)
    forgetScrolled(this.#emulator.terminal)
  }

  #rows(buffer: IBuffer, count: number): void {
    for (let y = 0; y < count; y++) {
      const line = buffer.getLine(y)
      if (line?.isWrapped !== true || this.#lineCells >= MAX_LINE_CELLS) this.#finish()
      this.#lineCells += this.#emulator.terminal.cols
      this.#line.push(styledLine(line, this.#emulator.terminal.cols, this.#cell))
    }
  }

  #finish(): void {
    if (this.#line.length > 0) this.#lines.push(withoutBlankEnd(this.#line.flat()))
    this.#line = []
    this.#lineCells = 0
  }
}

const lastWritten = (buffer: IBuffer): number => {
  let y = buffer.length - 1
  while (y >= 0 && (buffer.getLine(y)?.translateToString(true) ?? "").trimEnd() === "") y--
  return y
}
