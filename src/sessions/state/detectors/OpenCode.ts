/**
 * opencode, as version 1.18.33 draws itself: a full-screen program whose prompt is a panel with a bar at its left and an edge below. A
 * question takes the panel's place and has no such edge; what it quotes is above both.
 */
import { openCode as program } from "../../continuation/OpenCode.ts"
import { namedAs } from "../../continuation/Program.ts"
import type { Detector, Sighting, Snapshot } from "../Detector.ts"
import { asking, lastRow, lastWritten, paragraphs } from "./Rows.ts"

const BAR = /^ {2}┃/
const EDGE = /^ +╹▀{8}/
const LEAVE = /^ +△ Permission required/
const LEAVE_KEYS = /^ {2}┃ +Allow once +Allow always +Reject\b/
const QUESTION_KEYS = /^ {2}┃ +(⇆ tab +)?↑↓ select +enter (submit|confirm|toggle)/
const BUSY_KEYS = /^ +\S.*\besc (again to )?interrupt\b/
const KEYS = new RegExp(`${LEAVE_KEYS.source}|${QUESTION_KEYS.source}`)
/** `▣  Build · model · 39.4s`, below an answer that has ended. */
const ENDED = /^ {5}▣ .* · (\d+(\.\d+)?m?s|\d+m \d+s)$/
/** Rows below the prompt or a question's keys, and between the prompt and an answer. */
const BELOW = 4
const ABOVE = 6

export const openCode: Detector = {
  name: "opencode",
  recognises: ([word]) => word !== undefined && namedAs(word, program),
  detect: (snapshot) => (snapshot.alternate ? (dialog(snapshot) ?? prompt(snapshot)) : undefined)
}

const dialog = ({ cursor, rows }: Snapshot): Sighting | undefined => {
  const last = lastWritten(rows)
  const keys = lastRow(rows, KEYS, last + 1, BELOW)
  const outside = rows.findLastIndex((row, y) => y <= last && !BAR.test(row))
  if (keys < 0 || cursor.visible || outside > keys) return undefined
  const panel = rows.slice(outside + 1, keys).map((row) => row.replace(/^ {2}┃(?: +#(?= ))?/, ""))
  const title = panel.findIndex((row) => LEAVE.test(row))
  const asked = paragraphs(panel.slice(title + 1))
  if (!LEAVE_KEYS.test(rows[keys]!))
    return asking(
      { state: "waiting-input", confidence: 0.9, why: "its question has its prompt's place" },
      asked[0] ?? ""
    )
  if (title < 0) return undefined
  return asking(
    { state: "needs-permission", confidence: 0.9, why: "its question for leave has its prompt's place" },
    ...asked
  )
}

const prompt = ({ cursor, rows }: Snapshot): Sighting | undefined => {
  const edge = rows.findIndex((row, y) => y > cursor.row && EDGE.test(row))
  const last = lastWritten(rows)
  if (edge < 0 || !/^ +┃/.test(rows[cursor.row]!) || !cursor.visible) return undefined
  const below = rows.slice(edge + 1, last + 1)
  if (below.some((row) => BUSY_KEYS.test(row)))
    return { state: "working", confidence: 0.9, why: "it can be interrupted" }
  const top = rows.findLastIndex((row, y) => y < cursor.row && !/^ +┃/.test(row))
  return lastRow(rows, ENDED, top + 1, ABOVE) >= 0
    ? { state: "done", confidence: 0.85, why: "its prompt has the cursor, below an answer" }
    : { state: "idle", confidence: 0.8, why: "its prompt has the cursor" }
}
