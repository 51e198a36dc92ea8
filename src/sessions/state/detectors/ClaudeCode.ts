/**
 * Claude Code, as version 2.1.330 draws itself. Its prompt stands between two lines, with the cursor in it; a question of its own takes that
 * place, with the cursor on the choice. What it quotes is above and never has the cursor, and neither is left where it crashed.
 */
import { claudeCode as program } from "../../continuation/ClaudeCode.ts"
import { namedAs } from "../../continuation/Program.ts"
import type { Detector, Sighting, Snapshot } from "../Detector.ts"
import { asking, indented, lastRow, lastWritten, paragraphs } from "./Rows.ts"

const LINE = /^─{8}/
/** Keys under a question. */
const KEYS = /^ *(Enter to (confirm|select)|Esc to (cancel|exit))\b/
const LEAVE = /\b(do you want|would you like) to\b|\btrust\b/i
/** `✶ Cooking… (2s · ↓ 3 tokens)`. */
const BUSY_LINE = /^[·✢✳✶✻✽*] \p{L}+[^.]*(…|\.\.\.)/u
const BUSY_KEYS = /\besc to interrupt\b/
/** Quarter circles, and braille in versions before. */
const BUSY_TITLE = /^[\u25d0-\u25d3\u2801-\u28ff] /
const STOPPED = /^\s{2}⎿\s+(Interrupted|Rejected|User rejected|.*\bdeclined\b)/
/** Rows a prompt may have, rows below it (its state, a menu), and rows above it where it says what it does. */
const PROMPT_ROWS = 40
const BELOW = 12
const ABOVE = 6

export const claudeCode: Detector = {
  name: "claude",
  recognises: ([word]) => word !== undefined && namedAs(word, program),
  detect: (snapshot) => dialog(snapshot) ?? prompt(snapshot)
}

const dialog = ({ cursor, rows }: Snapshot): Sighting | undefined => {
  const keys = lastWritten(rows)
  const choice = rows[cursor.row] ?? ""
  if (keys <= cursor.row || !KEYS.test(rows[keys]!) || !/^ ?❯\s\S/.test(choice)) return undefined
  if (choice.indexOf("❯") !== cursor.column) return undefined
  const top = lastRow(rows, LINE, cursor.row)
  const first = firstChoice(rows, cursor.row, top)
  const said = paragraphs(rows.slice(top + 1, first))
  const asked = said.findLast((text) => text.includes("?")) ?? said.at(-1) ?? ""
  // What it is about, without the advice that may follow it.
  const about = [rows[top + 1] ?? "", ...said.slice(1).filter((text) => text !== asked)]
  return LEAVE.test(asked)
    ? asking(
        {
          state: "needs-permission",
          confidence: cursor.visible ? 0.6 : 0.95,
          why: "its question for leave has the cursor"
        },
        asked,
        ...about
      )
    : asking({ state: "waiting-input", confidence: 0.9, why: "its choices have the cursor" }, asked)
}

/** Where the choices begin: at number 1, or behind a blank row where they have no numbers. */
const firstChoice = (rows: ReadonlyArray<string>, cursor: number, top: number): number => {
  if (!/❯\s\d/.test(rows[cursor]!)) return lastRow(rows, /^\s*$/, cursor) + 1
  const one = lastRow(rows, /^\s*(❯\s)?\s*1\. /, cursor + 1)
  return one > top ? one : cursor
}

const prompt = ({ cursor, rows, title }: Snapshot): Sighting | undefined => {
  const top = lastRow(rows, LINE, cursor.row, PROMPT_ROWS)
  const bottom = rows.findIndex((row, y) => y > cursor.row && LINE.test(row))
  if (top < 0 || bottom < 0 || !/^[❯!#]/.test(rows[top + 1]!) || !indented(rows, top + 2, cursor.row)) return undefined
  if (lastWritten(rows) - bottom > BELOW) return undefined
  const busy = [
    rows.slice(bottom + 1).some((row) => BUSY_KEYS.test(row)) ? "it can be interrupted" : "",
    lastRow(rows, BUSY_LINE, top, ABOVE) >= 0 ? "it says what it does" : "",
    BUSY_TITLE.test(title) ? "its title turns" : ""
  ].filter((sign) => sign !== "")
  if (busy.length > 0) return { state: "working", confidence: busy.length > 1 ? 0.95 : 0.8, why: busy.join(", ") }
  return answered(rows, top)
    ? { state: "done", confidence: 0.85, why: "its prompt has the cursor, below an answer" }
    : { state: "idle", confidence: 0.85, why: "its prompt has the cursor" }
}

/** Something of its own stands below the last thing it was told, and nobody stopped it. What it quotes is indented. */
const answered = (rows: ReadonlyArray<string>, top: number): boolean => {
  const own = lastRow(rows, /^[●✻]\s/, top)
  return own > lastRow(rows, /^❯\s/, top) && lastRow(rows, STOPPED, top) < own
}
