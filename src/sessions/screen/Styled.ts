/** A line of an emulator's buffer as runs of characters that look alike. */
import type { IBufferCell, IBufferLine } from "@xterm/headless"
import type { StyledLine, StyledRun, StyleName } from "../../contract/session/Styled.ts"

/** UTF-16 units of one cell that are passed on: a base and its marks. More are piled up to hurt. */
const MAX_CELL = 32

const styles: ReadonlyArray<readonly [StyleName, (cell: IBufferCell) => number]> = [
  ["bold", (cell) => cell.isBold()],
  ["dim", (cell) => cell.isDim()],
  ["italic", (cell) => cell.isItalic()],
  ["underline", (cell) => cell.isUnderline()],
  ["blink", (cell) => cell.isBlink()],
  ["inverse", (cell) => cell.isInverse()],
  ["invisible", (cell) => cell.isInvisible()],
  ["strike", (cell) => cell.isStrikethrough()],
  ["overline", (cell) => cell.isOverline()]
]

type Look = Omit<StyledRun, "text" | "cells">

const colour = (isDefault: boolean, isRgb: boolean, value: number): number | string | undefined =>
  isDefault ? undefined : isRgb ? `#${value.toString(16).padStart(6, "0")}` : value & 0xff

const lookOf = (cell: IBufferCell): Look => {
  const fg = colour(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor())
  const bg = colour(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor())
  const names = styles.flatMap(([name, has]) => (has(cell) === 0 ? [] : [name]))
  return {
    ...(fg === undefined ? {} : { fg }),
    ...(bg === undefined ? {} : { bg }),
    ...(names.length === 0 ? {} : { styles: names })
  }
}

const PLAIN: Look = {}

/** All of it, blanks at the end included; `cell` is one to load others into. */
export const styledLine = (line: IBufferLine | undefined, cols: number, cell: IBufferCell): StyledLine => {
  const runs: Array<{ text: string; cells: number; look: Look; key: string }> = []
  for (let x = 0; line !== undefined && x < cols; ) {
    const found = line.getCell(x, cell)
    if (found === undefined) break
    const width = Math.max(1, found.getWidth())
    const look = found.isAttributeDefault() ? PLAIN : lookOf(found)
    const key = look === PLAIN ? "" : JSON.stringify(look)
    // The second half of a wide character that was overwritten, and cells without one, are blanks to every eye.
    const text = (found.getWidth() === 0 ? "" : found.getChars().slice(0, MAX_CELL)) || " ".repeat(width)
    const last = runs.at(-1)
    if (last?.key === key) {
      last.text += text
      last.cells += width
    } else runs.push({ text, cells: width, look, key })
    x += width
  }
  return runs.map(({ cells, look, text }) => ({ text, cells, ...look }))
}

/** Blanks that look like nothing. */
export const withoutBlankEnd = (runs: StyledLine): StyledLine => {
  const last = runs.at(-1)
  if (last === undefined || last.fg !== undefined || last.bg !== undefined || last.styles !== undefined) return runs
  const text = last.text.replace(/ +$/, "")
  if (text === last.text) return runs
  const shorter = { ...last, text, cells: last.cells - (last.text.length - text.length) }
  return text === "" ? runs.slice(0, -1) : [...runs.slice(0, -1), shorter]
}

export const textOf = (line: StyledLine): string => line.map(({ text }) => text).join("")
