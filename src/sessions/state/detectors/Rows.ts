/** What detectors share: reading rows of a screen, and saying what they read without passing on what could harm. */
import type { Snapshot } from "../Detector.ts"

/** Characters of a question: two lines of a wide terminal, one notification. */
export const MAX_QUESTION = 200

/** Control characters, invisible ones that turn text around or hide it, and halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Co}]/gu

/** One line that can be shown anywhere; undefined when nothing is left. */
export const question = (...parts: ReadonlyArray<string>): string | undefined => {
  const text = parts
    .map((part) => part.replace(UNSEEN, "").replace(/\s+/gu, " ").trim())
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
