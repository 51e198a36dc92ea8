/**
 * What a session's program is doing: a decision over the evidence and the signs of life, without a clock of its own.
 *
 * The best kind of evidence that still stands decides. It stands until it is stale (nothing confirms it any more) or until what happened
 * later contradicts it; then the next best is asked, and if nothing is left the answer is `unknown`. docs/agent-state.md has it as a table.
 */
import { type Evidence, type Held, RULE, RULES, type Verdict } from "./Evidence.ts"

/** What is seen of a program whatever it says; times in milliseconds on a clock that only goes forward. */
export interface Signs {
  /** When its program was started; null: before this daemon. */
  readonly startedAt: number | null
  /** When it printed something last; null: it has not. */
  readonly printedAt: number | null
  /** Since when it prints without a longer pause; null: it is silent. */
  readonly steadySince: number | null
  /** When a key was typed last. What it prints just then may be their echo. */
  readonly typedAt: number | null
  /** When one was that may answer a question, and does not only move about. */
  readonly answeredAt: number | null
  /** It is a program that something better than silence will speak of: an agent, or a shell. */
  readonly known: boolean
  /** Something better than silence has spoken of it before. */
  readonly spoken: boolean
}

/** Milliseconds without output after which a program is silent: a busy one redraws its screen several times a second. */
export const QUIET_MS = 2_000
/** Milliseconds of output that nobody's typing explains and that a program at rest does not make: a repaint is over sooner. */
const STEADY_MS = 5_000
/** Milliseconds of it that count as work where nothing better is known. */
const SOME_MS = 1_000
/** Milliseconds of silence after a key that end what was called work: an interrupted agent runs no hook. */
const INTERRUPTED_MS = 5_000
/** Milliseconds a program without any output counts as starting. */
const STARTING_MS = 10_000
/** The same of one that is known, until it is heard of for the first time: agents load for long, and print while they do. */
const LOADING_MS = 30_000

/** What silence is worth: it is the same for a program that waits, one that thinks and one that hangs. */
const SILENCE = 0.3
/** The operating system says that it runs, and it has shown nothing yet. */
const STARTING = 0.9

const NEVER = Number.NEGATIVE_INFINITY

export type Standing = "stands" | "stale" | "contradicted"

export const standing = (evidence: Evidence, signs: Signs, now: number): Standing => {
  const { at, kind, state } = evidence
  const { follows, resting, speaks, working } = RULE[kind]
  const printedAt = signs.printedAt ?? NEVER
  const answeredAt = signs.answeredAt ?? NEVER
  if (state === "working") {
    if (now - Math.max(at, printedAt) > working) return "stale"
    if (kind === "command" || follows || answeredAt <= at) return "stands"
    return now - Math.max(answeredAt, printedAt) >= INTERRUPTED_MS ? "contradicted" : "stands"
  }
  if (now - at > resting) return "stale"
  if (follows) return "stands"
  const asks = state === "waiting-input" || state === "needs-permission"
  // No program says that it was answered.
  if (asks && answeredAt > at) return "contradicted"
  return !speaks && steadyFor(signs, at) >= STEADY_MS ? "contradicted" : "stands"
}

/** Milliseconds it has been printing since then, other than what it is told by keys. */
const steadyFor = ({ printedAt, steadySince, typedAt }: Signs, since = NEVER): number =>
  printedAt === null || steadySince === null ? 0 : printedAt - Math.max(steadySince, typedAt ?? NEVER, since)

/** What still stands. What does not never will again: the same must be said anew. */
export const settled = (held: Held, signs: Signs, now: number): Held => {
  const rest = [...held].filter(([, evidence]) => standing(evidence, signs, now) === "stands")
  return rest.length === held.size ? held : new Map(rest)
}

export const decide = (held: Held, signs: Signs, now: number): Verdict => {
  for (const { kind, source } of RULES) {
    const best = held.get(kind)
    if (best === undefined || standing(best, signs, now) !== "stands") continue
    const { confidence, question, state } = best
    // Somebody has come to it.
    const seen = state === "done" && (signs.answeredAt ?? NEVER) > best.at
    return { name: seen ? "idle" : state, source, confidence, question }
  }
  return bySilence(signs, now)
}

const UNKNOWN: Verdict = { name: "unknown", source: "silence", confidence: 0, question: null }

/**
 * Output that goes on is a sign of work, whatever was known before. Silence is a sign of rest only in programs that nothing else ever
 * spoke of: in others it may as well mean that they hang.
 */
const bySilence = (signs: Signs, now: number): Verdict => {
  const { known, printedAt, spoken } = signs
  if (!spoken && now < startedBy(signs))
    return { ...UNKNOWN, name: "starting", source: "process", confidence: STARTING }
  if (steadyFor(signs) >= SOME_MS && now - (printedAt ?? NEVER) < QUIET_MS)
    return { ...UNKNOWN, name: "working", confidence: SILENCE }
  return spoken || known ? UNKNOWN : { ...UNKNOWN, name: "idle", confidence: SILENCE }
}

/** When it counts as started though nothing has spoken of it. */
const startedBy = ({ known, printedAt, startedAt }: Signs): number =>
  (startedAt ?? NEVER) + (known ? LOADING_MS : printedAt === null ? STARTING_MS : QUIET_MS)

/** How often a session in motion is looked at, in milliseconds: a person sees no delay, and a processor no load. */
export const LOOK_MS = 300
/** The same while only time can change anything. */
const LATER_MS = 5_000

/** Milliseconds until something may have changed though nothing happens; null: never. */
export const lookAgain = (held: Held, signs: Signs, now: number): number | null => {
  const last = Math.max(signs.printedAt ?? NEVER, signs.typedAt ?? NEVER, signs.startedAt ?? NEVER)
  if (signs.steadySince !== null || now - last < QUIET_MS + LOOK_MS) return LOOK_MS
  // Until then nothing changes by itself, and its first output wakes: a thousand that start are not looked at all the while.
  const starting = startedBy(signs) - now
  if (!signs.spoken && starting >= -LOOK_MS) return Math.max(LOOK_MS, starting + LOOK_MS)
  const fades = [...held.values()].some(({ kind, state }) =>
    Number.isFinite(state === "working" ? RULE[kind].working : RULE[kind].resting)
  )
  return fades ? LATER_MS : null
}
