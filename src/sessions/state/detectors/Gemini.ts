/**
 * Gemini CLI, as version 0.61.0 draws itself. Its prompt stands between two bars and has the cursor; its questions are a box that is the last
 * thing on the screen, with the cursor behind it. Its title says what it does, and stays when it crashes: it only confirms.
 */
import { gemini as program } from "../../continuation/Gemini.ts"
import { namedAs } from "../../continuation/Program.ts"
import type { Detector, Sighting, Snapshot } from "../Detector.ts"
import { asking, indented, lastRow, lastWritten, paragraphs } from "./Rows.ts"

const BOX_TOP = /^ ?╭─{8}/
const BOX_BOTTOM = /^ ?╰─{8,}╯$/
const CHOICE = /^ ?│ +● +\d+\. +\S/
const FIRST_CHOICE = /^ ?│ +(● +)? *1\. +\S/
const LEAVE = /^ ?│ +(● +)? *\d+\. +(Allow|Trust|Yes)\b/
/** `⠦ Thinking... (esc to cancel, 1s)`. */
const BUSY_LINE = /^ *[\u2801-\u28ff] .*\(esc to cancel/
const ABOVE = 6
/** Rows below the prompt: where it is, which model. */
const BELOW = 8

const titled = (sign: string, title: string) => title.startsWith(`${sign} `)

export const gemini: Detector = {
  name: "gemini",
  recognises: ([word]) => word !== undefined && namedAs(word, program),
  detect: (snapshot) => dialog(snapshot) ?? prompt(snapshot)
}

const dialog = ({ cursor, rows, title }: Snapshot): Sighting | undefined => {
  const bottom = lastWritten(rows)
  if (bottom < 0 || cursor.visible || !BOX_BOTTOM.test(rows[bottom]!) || cursor.row < bottom) return undefined
  const top = lastRow(rows, BOX_TOP, bottom)
  const choice = lastRow(rows, CHOICE, bottom)
  if (choice <= top) return undefined
  const first = Math.max(top, lastRow(rows, FIRST_CHOICE, choice + 1))
  const said = paragraphs(rows.slice(top + 1, first).map((row) => row.replace(/^ ?│ +\? /, "").replaceAll("│", " ")))
  const asked = said.findLast((text) => text.includes("?")) ?? ""
  const confidence = titled("✋", title) ? 0.95 : 0.8
  if (rows.slice(first, bottom).some((row) => LEAVE.test(row)))
    return asking(
      { state: "needs-permission", confidence, why: "its box of choices for leave is the last on the screen" },
      asked,
      ...said.filter((text) => text !== asked)
    )
  return asking({ state: "waiting-input", confidence, why: "its box of choices is the last on the screen" }, asked)
}

const prompt = ({ cursor, rows, title }: Snapshot): Sighting | undefined => {
  const top = lastRow(rows, /^▄{8}/, cursor.row)
  const bottom = rows.findIndex((row, y) => y > cursor.row && /^▀{8}/.test(row))
  if (top < 0 || bottom < 0 || !/^ [>!*]/.test(rows[top + 1]!) || !indented(rows, top + 2, cursor.row)) return undefined
  if (lastWritten(rows) - bottom > BELOW) return undefined
  const busy = [
    lastRow(rows, BUSY_LINE, top, ABOVE) >= 0 ? "it can be cancelled" : "",
    titled("✦", title) ? "its title says so" : ""
  ].filter((sign) => sign !== "")
  if (busy.length > 0) return { state: "working", confidence: busy.length > 1 ? 0.95 : 0.75, why: busy.join(", ") }
  const own = lastRow(rows, /^✦ /, top)
  return own > lastRow(rows, /^ℹ Request cancelled/, top) && own > lastRow(rows, /^ > /, top)
    ? { state: "done", confidence: 0.8, why: "its prompt has the cursor, below an answer" }
    : { state: "idle", confidence: 0.8, why: "its prompt has the cursor" }
}
