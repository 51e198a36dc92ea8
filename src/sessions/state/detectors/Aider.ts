/**
 * aider. Not recorded: it is neither in the npm registry nor in Debian, where this was written. What it shows is taken from its source (aider/io.py
 * and its spinner): a line across the screen and a prompt that ends in `> `, questions that end in `(Y)es/(N)o … [Yes]: `,
 * and a row with a block that runs to and fro while it waits for its model.
 */
import { baseName } from "../../continuation/Wrappers.ts"
import type { Detector, Sighting, Snapshot } from "../Detector.ts"
import { asking, beforeCursor, endsAtCursor, lastRow } from "./Rows.ts"

const LINE = /^─{20,}$/
/** `> `, `ask> `, `architect multi> `; what is typed follows. */
const PROMPT = /^([a-z-]+ )?([a-z-]+)?> /
const LEAVE = /^(.*\?) \(Y\)es\/\(N\)o(\/\([A-Z]\)[\w' ]+)* \[\w+\]: \w{0,5}$/
const BUSY_LINE = /^(?=.{10} \S) {0,8}(░█|█░|=#|#=) {0,8} \S/
/** `Tokens: 2.1k sent, 30 received. Cost: …`, below an answer that has ended. */
const ENDED = /^Tokens: \S+ sent, /
/** Rows with names of files between the line and the prompt, and between an answer's end and the line. */
const FILES = 12
const ABOVE = 12

export const aider: Detector = {
  name: "aider",
  recognises: ([word]) => word !== undefined && /^aider(\.exe)?$/.test(baseName(word)),
  detect: (snapshot) => (snapshot.alternate || !endsAtCursor(snapshot) ? undefined : lineOf(snapshot))
}

const lineOf = (snapshot: Snapshot): Sighting | undefined => {
  const { cursor, rows } = snapshot
  const line = beforeCursor(snapshot)
  const asked = LEAVE.exec(joined(snapshot, line))?.[1]
  if (asked !== undefined)
    return asking({ state: "needs-permission", confidence: 0.7, why: "yes or no is asked for at the cursor" }, asked)
  if (!cursor.visible && BUSY_LINE.test(rows[cursor.row] ?? ""))
    return { state: "working", confidence: 0.7, why: "the cursor's row moves while it waits for its model" }
  const top = lastRow(rows, LINE, cursor.row, FILES)
  if (!PROMPT.test(line) || top < 0) return undefined
  return lastRow(rows, ENDED, top, ABOVE) > lastRow(rows, LINE, top)
    ? { state: "done", confidence: 0.6, why: "its prompt has the cursor, below an answer's end" }
    : { state: "idle", confidence: 0.6, why: "its prompt has the cursor" }
}

/** A question longer than the screen is wide stands in two rows. */
const joined = ({ cursor, rows }: Snapshot, line: string): string =>
  line.includes("(Y)es") ? line : `${rows[cursor.row - 1] ?? ""}${line}`
