/**
 * Codex, as version 0.169.0 draws itself. Its prompt is a row that begins with `›` and has the cursor, with its state below; a question for
 * leave is the last thing on the screen, without a cursor, and its title says so too.
 */
import { codex as program } from "../../continuation/Codex.ts"
import { namedAs } from "../../continuation/Program.ts"
import type { Detector, Sighting, Snapshot } from "../Detector.ts"
import { asking, indented, lastRow, lastWritten, paragraphs } from "./Rows.ts"

const CONFIRM = /^ *Press +enter +to +confirm +or +esc +to +cancel *$/
const CHOICE = /^› \d\. \S/
const FIRST_CHOICE = /^ *(› | {2})1\. /
/** Rows a question may have. */
const REACH = 40
const LEAVE = /^ *Would you like to \S/
const COUNTED = /^ *Question \d+\/\d+ /
const ANSWER_KEYS = /^ *(tab to add notes \| )?enter to submit (answer|all)[ |]*(esc to interrupt)? *$/
/** `• Working (1m 06s • esc to interrupt)`. */
const BUSY_LINE = /^[•◦] \S.* \(.*esc to interrupt\)/
/** What it says and did, and where it says how long that took. */
const OWN = /^([•✔] | {2}Worked for \d)/
const BUSY_TITLE = /^[\u2801-\u28ff] /
const ACTION_TITLE = /^\[ [!.] \] /
/** Rows below the prompt: its state, a menu. And above it, where it says what it does. */
const BELOW = 12
const ABOVE = 8

export const codex: Detector = {
  name: "codex",
  recognises: ([word]) => word !== undefined && namedAs(word, program),
  detect: (snapshot) => dialog(snapshot) ?? prompt(snapshot)
}

const dialog = ({ cursor, rows, title }: Snapshot): Sighting | undefined => {
  const last = lastWritten(rows)
  if (last < 0 || cursor.visible || cursor.row < last) return undefined
  // Two rows on a narrow screen.
  const end = lastRow(rows, /^\s*$/, last)
  const keys = rows.slice(end + 1, last + 1).join(" ")
  const confidence = ACTION_TITLE.test(title) ? 0.95 : 0.8
  if (ANSWER_KEYS.test(keys)) {
    const counted = lastRow(rows, COUNTED, end, REACH)
    const asked = paragraphs(rows.slice(counted + 1, lastRow(rows, FIRST_CHOICE, end)))[0] ?? ""
    if (counted >= 0)
      return asking({ state: "waiting-input", confidence, why: "its question is the last on the screen" }, asked)
  }
  const choice = lastRow(rows, CHOICE, end, REACH)
  if (!CONFIRM.test(keys) || choice < 0) return undefined
  const first = lastRow(rows, FIRST_CHOICE, choice + 1)
  const leave = lastRow(rows, LEAVE, first, REACH)
  if (leave < 0) return undefined
  const asked = paragraphs(rows.slice(leave, first))
  return asking(
    { state: "needs-permission", confidence, why: "its question for leave is the last on the screen" },
    ...asked
  )
}

const prompt = ({ cursor, rows, title }: Snapshot): Sighting | undefined => {
  const row = lastRow(rows, /^›/, cursor.row + 1, BELOW)
  const last = lastWritten(rows)
  if (row < 0 || cursor.column < 2 || last <= cursor.row || last - cursor.row > BELOW) return undefined
  if (!indented(rows, row + 1, last)) return undefined
  const busy = [
    lastRow(rows, BUSY_LINE, row, ABOVE) >= 0 ? "it can be interrupted" : "",
    BUSY_TITLE.test(title) ? "its title turns" : ""
  ].filter((sign) => sign !== "")
  if (busy.length > 0) return { state: "working", confidence: busy.length > 1 ? 0.95 : 0.8, why: busy.join(", ") }
  const own = lastRow(rows, OWN, row)
  const stopped = lastRow(rows, /^(■|✗) /, row)
  return own > stopped && own > lastRow(rows, /^› /, row)
    ? { state: "done", confidence: 0.8, why: "its prompt has the cursor, below an answer" }
    : { state: "idle", confidence: 0.8, why: "its prompt has the cursor" }
}
