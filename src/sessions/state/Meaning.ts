/**
 * What a sequence to the terminal says of the program that sends it. Most say nothing: a title is only evidence where it has a mark that
 * agents put there, a notification where its words leave no doubt.
 */
import type { Evidence, Kind } from "./Evidence.ts"
import { BELL, type Sequence } from "./Sequences.ts"

export interface Meaning {
  /** Kinds whose evidence is taken back. */
  readonly withdraws: ReadonlyArray<Kind>
  readonly evidence: Omit<Evidence, "at"> | null
}

const says = (
  kind: Kind,
  state: Evidence["state"],
  confidence: number,
  question: string | null = null,
  withdraws: ReadonlyArray<Kind> = []
): Meaning => ({ withdraws, evidence: { kind, state, confidence, question } })

export const meaningOf = ({ code, text }: Sequence): Meaning | null => {
  switch (code) {
    case 0:
    case 2:
      return title(text)
    case 9:
      return text.startsWith("4;") || text === "4" ? progress(text) : notification(text)
    case 133:
      return prompt(text)
    case 777:
      // `notify;TITLE;BODY`
      return text.startsWith("notify;") ? notification(text.slice("notify;".length).replace(";", ": ")) : null
    case BELL:
      return says("hint", "waiting-input", 0.3)
    default:
      return null
  }
}

/** Braille patterns and quarter circles turn while an agent works; the eight-spoked asterisk is Claude Code at rest. */
const title = (text: string): Meaning => {
  if (/^\s*[\u2800-\u28ff\u25d0-\u25d3]/u.test(text)) return says("title", "working", 0.8)
  const withdraws: ReadonlyArray<Kind> = ["title"]
  return /^\s*\u2733/u.test(text) ? says("hint", "idle", 0.5, null, withdraws) : { withdraws, evidence: null }
}

/** FinalTerm's marks: A and B around a prompt, C before a command's output, D after it. A command ends what was told before it. */
const prompt = (text: string): Meaning | null => {
  const stale: ReadonlyArray<Kind> = ["progress", "notification", "title", "hint"]
  // At its prompt no program runs any more that could have a hook.
  const over: ReadonlyArray<Kind> = ["native", "hook", "command", ...stale]
  switch (/^[A-D](?=;|$)/.exec(text)?.[0]) {
    case "A":
    case "B":
      return says("prompt", "idle", 0.9, null, over)
    case "C":
      return says("command", "working", 0.9, null, ["prompt", ...stale])
    case "D":
      return says("prompt", "idle", 0.8, null, over)
    default:
      return null
  }
}

/** ConEmu's `4;STATE;PERCENT`: 0 none, 1 some, 2 an error, 3 unknown how much, 4 it stands still. */
const progress = (text: string): Meaning | null => {
  switch (text.split(";")[1]) {
    case "1":
    case "3":
      return says("progress", "working", 0.8)
    case "0":
    case "2":
      return says("progress", "idle", 0.5)
    case "4":
      return says("progress", "waiting-input", 0.4)
    default:
      return null
  }
}

const notification = (text: string): Meaning | null => {
  if (/\b(permission|approv(e|al)|allow)\b/i.test(text)) return says("notification", "needs-permission", 0.7, text)
  if (/\bwaiting for (your )?(input|answer|response|reply)\b|\bquestion\b/i.test(text))
    return says("notification", "waiting-input", 0.6, text)
  if (/\b(complete|completed|finished|done)\b/i.test(text)) return says("notification", "done", 0.6)
  return says("hint", "waiting-input", 0.3, text)
}
