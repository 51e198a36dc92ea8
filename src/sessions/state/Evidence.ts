/**
 * What speaks of a session's program, from what is to be believed most to what is to be believed least. A kind is a source, told apart
 * where one source says things of different weight: of all that comes through the terminal a shell's prompt is certain, a bell is not.
 */
import type { SessionState, StateName, StateSource } from "../../contract/session/SessionState.ts"
import { question } from "./detectors/Rows.ts"

export type Kind = "native" | "hook" | "prompt" | "progress" | "notification" | "title" | "screen" | "command" | "hint"

/** What evidence can say. That a program has started or ended is the operating system's to tell. */
export type Claim = Exclude<StateName, "starting" | "exited" | "unknown">

export interface Evidence {
  readonly kind: Kind
  readonly state: Claim
  /** 0 to 1. */
  readonly confidence: number
  readonly question: string | null
  /** When, in milliseconds on the clock that only goes forward. */
  readonly at: number
}

interface Rule {
  readonly kind: Kind
  readonly source: StateSource
  /** More than this is not believed, whatever is claimed. */
  readonly most: number
  /** Milliseconds `working` is believed after the last sign of life: what was said, or anything printed. */
  readonly working: number
  /** Milliseconds anything else is believed while nothing happens: what waits for a person may wait for days. */
  readonly resting: number
  /** It is looked at again whenever something is printed, so neither output nor keys contradict it. */
  readonly follows?: true
  /** It says so when it goes on, so output does not contradict it: Claude Code keeps drawing while it asks for leave. */
  readonly speaks?: true
}

const FOREVER = Number.POSITIVE_INFINITY
/** A model may think, and a tool run, for this long without a word; a program that died in between says nothing either. */
const LONG_MS = 120_000
/** Progress bars are renewed at least this often (Windows Terminal's documentation of OSC 9;4 has its own fade away, too). */
const PROGRESS_MS = 60_000
/** A spinner in a title turns several times a second; one that stands still so long belongs to something that hangs. */
const SPINNER_MS = 10_000
/** The same on a screen, where a slow clock may be all that moves. */
const SCREEN_MS = 30_000
/** Nobody came because of the bell, or knows what it was about by now. */
const HINT_MS = 600_000

/** Best first. */
export const RULES: ReadonlyArray<Rule> = [
  { kind: "native", source: "native", most: 1, working: LONG_MS, resting: FOREVER, speaks: true },
  { kind: "hook", source: "hook", most: 0.95, working: LONG_MS, resting: FOREVER, speaks: true },
  { kind: "prompt", source: "terminal", most: 0.9, working: FOREVER, resting: FOREVER },
  { kind: "progress", source: "terminal", most: 0.8, working: PROGRESS_MS, resting: HINT_MS },
  { kind: "notification", source: "terminal", most: 0.7, working: PROGRESS_MS, resting: FOREVER },
  { kind: "title", source: "terminal", most: 0.8, working: SPINNER_MS, resting: HINT_MS },
  { kind: "screen", source: "screen", most: 0.9, working: SCREEN_MS, resting: FOREVER, follows: true },
  // A shell that said that it runs a command says when that has ended. What the command does, its screen knows better: it may be an agent.
  { kind: "command", source: "terminal", most: 0.9, working: FOREVER, resting: FOREVER },
  // Below the screen, though they come through the terminal: a resting title is the same while a question is asked, and a bell says
  // that there is something, not what.
  { kind: "hint", source: "terminal", most: 0.5, working: SPINNER_MS, resting: HINT_MS }
]

export const RULE: Readonly<Record<Kind, Rule>> = Object.fromEntries(RULES.map((rule) => [rule.kind, rule])) as never

export const isKind = (kind: string): kind is Kind => Object.hasOwn(RULE, kind)

export const isClaim = (state: StateName): state is Claim => (URGENCY as ReadonlyArray<StateName>).includes(state)

/** The latest of each kind. */
export type Held = ReadonlyMap<Kind, Evidence>

/** What matters more to a person first: of two that say different things at the same moment. */
const URGENCY: ReadonlyArray<Claim> = ["needs-permission", "waiting-input", "working", "done", "idle"]

const isLater = (one: Evidence, other: Evidence): boolean => {
  if (one.at !== other.at) return one.at > other.at
  if (one.state !== other.state) return URGENCY.indexOf(one.state) < URGENCY.indexOf(other.state)
  if (one.confidence !== other.confidence) return one.confidence > other.confidence
  return (one.question ?? "") > (other.question ?? "")
}

/** With one more piece of evidence; the order in which pieces of one moment come does not matter. */
export const noted = (held: Held, evidence: Evidence): Held => {
  const clean = cleaned(evidence)
  const before = held.get(clean.kind)
  if (before !== undefined && !isLater(clean, before)) return held
  // "It can be told something" said of one that has finished takes nothing back.
  const still = before?.state === "done" && clean.state === "idle" && before.at < clean.at
  return new Map(held).set(clean.kind, still ? { ...clean, state: "done" } : clean)
}

export const without = (held: Held, kind: Kind): Held => {
  if (!held.has(kind)) return held
  const rest = new Map(held)
  rest.delete(kind)
  return rest
}

/** Bytes of programs, hooks and screens are hostile: one bounded line, and no more confidence than its kind deserves. */
const cleaned = (evidence: Evidence): Evidence => {
  const { confidence, kind, state } = evidence
  const asks = state === "waiting-input" || state === "needs-permission"
  return {
    ...evidence,
    confidence: Math.max(0, Math.min(Number.isFinite(confidence) ? confidence : 0, RULE[kind].most)),
    question: asks ? (question((evidence.question ?? "").slice(0, MAX_CLEANED).replace(/\s+/g, " ")) ?? null) : null
  }
}

/** Characters of a question that are looked at: a megabyte of blanks is no line. */
const MAX_CLEANED = 4096

/** What is said of a session, without the time it began. */
export type Verdict = Omit<SessionState, "since">
