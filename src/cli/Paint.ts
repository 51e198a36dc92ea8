/**
 * Text for people: colour only where a terminal shows it, tables, ages, and nothing in it that could steer the terminal.
 */
import type { WriteStream } from "node:tty"
import { readableWord } from "../contract/text/ShellWord.ts"

const codes = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2, bold: 1 } as const
export type Colour = keyof typeof codes

interface Stream {
  readonly isTTY?: boolean
}

/** https://no-color.org */
const colourful = (stream: Stream): boolean =>
  stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb"

export const paint = (stream: Stream, colour: Colour, text: string): string =>
  colourful(stream) ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text

/**
 * Names, titles, arguments and paths come from programs and may hold anything: control characters and those that
 * reorder or hide text are shown as escapes.
 */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)

/** A command line as one could type it. */
export const commandLine = (argv: ReadonlyArray<string>): string =>
  argv.map((arg) => printable(readableWord(arg))).join(" ")

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  readonly colour?: (row: Row) => Colour | undefined
}

/** Left-aligned columns; on a terminal the last one is cut to the line. */
export const table = <Row>(
  rows: ReadonlyArray<Row>,
  columns: ReadonlyArray<Column<Row>>,
  stream: Pick<WriteStream, "isTTY" | "columns"> = process.stdout
): string => {
  const cells = rows.map((row) => columns.map((column) => column.value(row)))
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((line) => width(line[index]!)))
  )
  const limit = stream.isTTY ? stream.columns : Number.POSITIVE_INFINITY
  const line = (values: ReadonlyArray<string>, shade: (text: string, index: number) => string) => {
    let used = 0
    return values
      .map((value, index) => {
        const last = index === values.length - 1
        const room = limit - used
        const shown = last && width(value) > room ? `${[...value].slice(0, Math.max(0, room - 1)).join("")}…` : value
        used += widths[index]! + 2
        return shade(shown, index) + (last ? "" : " ".repeat(widths[index]! - width(value) + 2))
      })
      .join("")
      .trimEnd()
  }
  return [
    line(
      columns.map((column) => column.title),
      (text) => paint(stream, "dim", text)
    ),
    ...cells.map((values, row) =>
      line(values, (text, index) => {
        const colour = columns[index]!.colour?.(rows[row]!)
        return colour === undefined ? text : paint(stream, colour, text)
      })
    )
  ].join("\n")
}

/** Characters; close enough for names and paths. */
const width = (text: string): number => [...text].length

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000]
] as const

/** "3h" and the like: the largest unit is enough for a list. */
export const age = (since: number, now = Date.now()): string => {
  const ms = Math.max(0, now - since)
  const [unit, size] = units.find(([, length]) => ms >= length) ?? ["s", 1_000]
  return `${Math.floor(ms / size)}${unit}`
}

export const bytes = (count: number): string => {
  const size = ["B", "KiB", "MiB", "GiB", "TiB"]
  const power = count === 0 ? 0 : Math.min(size.length - 1, Math.floor(Math.log2(count) / 10))
  return power === 0 ? `${count} B` : `${(count / 1024 ** power).toFixed(1)} ${size[power]}`
}
