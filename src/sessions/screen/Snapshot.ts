/**
 * What a screen looks like, as data: lines of text, or the sequences that draw them.
 */
import type { IBuffer, Terminal } from "@xterm/headless"
import type { Screen } from "../../contract/session/SessionTerminal.ts"
import { MAX_LINES_BYTES, type StyledLine } from "../../contract/session/Styled.ts"
import type { Emulator } from "./Emulator.ts"
import { Painter } from "./Paint.ts"
import { styledLine, withoutBlankEnd } from "./Styled.ts"
import { emptyCell } from "./Xterm.ts"

export type ScreenFormat = "text" | "ansi" | "json" | "styled"

/** UTF-16 units a column may take on average; marks piled up on characters cannot make a line longer. */
const MAX_UNITS_PER_COLUMN = 8

export const snapshot = (emulator: Emulator, offset: number, format: ScreenFormat, scrollback = 0): Screen => {
  const { terminal, modes } = emulator
  const { active } = terminal.buffer
  const { cols, rows } = terminal
  const base = {
    offset,
    cols,
    rows,
    cursor: { x: Math.min(active.cursorX, cols - 1), y: active.cursorY, visible: modes.get(25) },
    title: modes.title,
    alternate: active.type === "alternate"
  }
  const { normal } = terminal.buffer
  const parts = (above: number) =>
    [
      [normal, normal.baseY - above, normal.baseY - 1],
      [active, active.baseY, active.baseY + rows - 1]
    ] as const
  const fits = (above: number) => {
    if (format === "ansi") return { ansi: ansiOf(terminal, above) }
    if (format === "styled") return { styled: parts(above).flatMap((part) => styledOf(terminal, ...part)) }
    return { lines: parts(above).flatMap((part) => linesOf(...part, cols)) }
  }
  let above = Math.min(scrollback, normal.baseY)
  for (;;) {
    const content = fits(above)
    // The oldest lines above the screen are left out where they are too many, and then the looks of a very large screen.
    if (Buffer.byteLength(JSON.stringify(content)) <= MAX_LINES_BYTES) return { ...base, ...content }
    if (above === 0) return { ...base, ...(content.styled === undefined ? content : { styled: plain(content.styled) }) }
    above = Math.floor(above / 2)
  }
}

/** A full-screen program's screen has nothing above it: what a terminal then scrolls back to is what was there before. */
const ansiOf = (terminal: Terminal, above: number): string => {
  const { active, normal } = terminal.buffer
  const last = active.baseY + terminal.rows - 1
  const painter = new Painter(terminal)
  // In one go: a line may flow from above into the screen.
  if (active.type === "normal") return painter.lines(active, active.baseY - above, last).resetPen().text
  if (above > 0)
    painter
      .lines(normal, normal.baseY - above, normal.baseY - 1)
      .resetPen()
      .raw("\r\n")
  return painter.lines(active, active.baseY, last).resetPen().text
}

const styledOf = (terminal: Terminal, buffer: IBuffer, first: number, last: number): ReadonlyArray<StyledLine> => {
  const cell = emptyCell(terminal)
  return Array.from({ length: last - first + 1 }, (_, i) =>
    withoutBlankEnd(styledLine(buffer.getLine(first + i), terminal.cols, cell))
  )
}

const plain = (lines: ReadonlyArray<StyledLine>): ReadonlyArray<StyledLine> =>
  lines.map((line) => [
    { text: line.map(({ text }) => text).join(""), cells: line.reduce((sum, { cells }) => sum + cells, 0) }
  ])

const linesOf = (buffer: IBuffer, first: number, last: number, cols: number): ReadonlyArray<string> =>
  Array.from({ length: last - first + 1 }, (_, i) => {
    const text = buffer.getLine(first + i)?.translateToString(true) ?? ""
    return text.slice(0, cols * MAX_UNITS_PER_COLUMN).trimEnd()
  })

/** Everything an emulator still has, drawn line by line without a mode: what scrolled out, the screen, a full-screen program's last picture. */
export const history = ({ terminal }: Emulator): string => {
  const { active, normal } = terminal.buffer
  const painter = new Painter(terminal)
  for (const buffer of active.type === "alternate" ? [normal, active] : [normal]) {
    const last = lastWritten(buffer)
    if (last >= 0) painter.lines(buffer, 0, last).resetPen().raw("\r\n")
  }
  return painter.text
}

const lastWritten = (buffer: IBuffer): number => {
  let y = buffer.length - 1
  while (y >= 0 && (buffer.getLine(y)?.translateToString(true) ?? "") === "") y--
  return y
}

/** Puts lines that were drawn above a screen that is empty again, with the cursor where a program finds it at its start. */
export const above = (lines: string, note: string, rows: number): string =>
  `${lines}\x1b[2m${note}\x1b[m${"\r\n".repeat(rows)}\x1b[H`
