/** What detectors share: reading rows of a screen, and saying what they read without passing on what could harm. */
import type { Sighting, Snapshot } from "../Detector.ts"

/** Characters of a question: two lines of a wide terminal, one notification. */
export const MAX_QUESTION = 200

/** Without control characters, invisible ones that turn text around or hide it, and halves of characters. */
const seen = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Co}]/gu, "")

/** One line that can be shown anywhere; undefined when nothing is left. */
export const question = (...parts: ReadonlyArray<string>): string | undefined => {
  const text = parts
    .map((part) =>
      seen(part.slice(0, MAX_QUESTION * 4))
        .replace(/\s+/gu, " ")
        .trim()
    )
    .filter((part) => part !== "")
    .join(" ")
  const shown = [...text]
  return text === "" ? undefined : shown.length <= MAX_QUESTION ? text : `${shown.slice(0, MAX_QUESTION - 1).join("")}…`
}

/** The cursor's row up to the cursor, blanks included. A row with wide characters may give some more. */
export const beforeCursor = ({ cursor, rows }: Snapshot): string =>
  (rows[cursor.row] ?? "").padEnd(cursor.column).slice(0, cursor.column)

/** Nothing is written below the cursor's row. */
export const endsAtCursor = ({ cursor, rows }: Snapshot): boolean =>
  rows.slice(cursor.row + 1).every((row) => row.trim() === "")

/** The last row that shows something; -1 on an empty screen. */
export const lastWritten = (rows: ReadonlyArray<string>): number => rows.findLastIndex((row) => row.trim() !== "")

/** Runs of rows between blank ones and lines, each as one text. */
export const paragraphs = (rows: ReadonlyArray<string>): ReadonlyArray<string> =>
  rows
    .map((row) => (/[\p{L}\p{N}]/u.test(row) ? row.trim() : ""))
    .join("\n")
    .split(/\n{2,}/)
    .map((text) => text.replaceAll("\n", " ").trim())
    .filter((text) => text !== "")

/** The last index below `before` of a row like that; -1 when there is none within `reach` rows. */
export const lastRow = (rows: ReadonlyArray<string>, like: RegExp, before = rows.length, reach = before): number => {
  for (let y = Math.min(before, rows.length) - 1; y >= Math.max(0, before - reach); y--)
    if (like.test(rows[y]!)) return y
  return -1
}

/** All of these rows, if any, go on with what began above: a shell's prompt in the middle of them begins at the margin. */
export const indented = (rows: ReadonlyArray<string>, from: number, to: number): boolean =>
  rows.slice(from, to + 1).every((row) => /^\s|^$/.test(row))

/** With `asked` as its question, if that is anything to show. */
export const asking = (sighting: Sighting, ...asked: ReadonlyArray<string>): Sighting => {
  const text = question(...asked)
  return text === undefined ? sighting : { ...sighting, question: text }
}
