/**
 * One session's state as it is now: takes evidence in, watches for signs of life, and tells who waits when it has changed.
 *
 * It has no clock and no fiber; `States` looks after it. Between two looks it only remembers.
 */
import type { KeptState } from "../../contract/Handover.ts"
import type { SessionState } from "../../contract/session/SessionState.ts"
import type { Typed } from "../input/Typed.ts"
import { decide, lookAgain, QUIET_MS, type Signs, settled } from "./Decide.ts"
import { type Evidence, type Held, type Kind, noted, without } from "./Evidence.ts"
import { heldIn, type Keeping, signsIn } from "./Keep.ts"

/** A moment on both clocks: for deciding, and for telling people. */
export interface Moment {
  /** Milliseconds on the clock that only goes forward. */
  readonly now: number
  /** Milliseconds since 1970. */
  readonly wall: number
}

/** Milliseconds a program, or a hook of it, may need on a busy machine until it says that it works on what was typed. */
const BEGIN_MS = 3_000

/** Milliseconds between two looks while somebody types: one for each key would cost its echo a third of its time. */
const TYPING_MS = 100

/** How a session begins to be followed. */
export interface Beginning {
  /** Its program was started under another daemon. */
  readonly adopted: boolean
  /** Something better than silence will speak of it. */
  readonly known: boolean
  readonly keeping: Keeping
}

export class StateTracker {
  /** What is answered. */
  current: SessionState
  /** When that began, on the clock that only goes forward. */
  currentSince: number
  /** The last of it that became an event; null: none has. */
  #recorded: SessionState["name"] | null
  /** Output up to this offset has been searched. */
  #searched: number
  readonly #keep: Keeping["keep"]
  /** What is kept is not what is known any more. */
  #unkept = true
  #held: Held = new Map()
  #signs: Signs
  #typed: Typed = "nothing"
  /** Somebody types, and it is looked at by the clock. */
  #typing = false
  #wake: (() => void) | null = null
  #listeners = new Set<() => void>()

  constructor(moment: Moment, { adopted, keeping, known }: Beginning) {
    const { now, wall } = moment
    const { found, keep } = keeping
    this.#keep = keep
    this.#recorded = found?.recorded ?? null
    this.#searched = found?.searched ?? 0
    const fresh = {
      startedAt: adopted ? null : now,
      printedAt: null,
      steadySince: null,
      typedAt: null,
      answeredAt: null
    }
    this.#signs = { ...(found === null ? { ...fresh, spoken: false } : signsIn(found, now)), known }
    if (found !== null) {
      this.#held = heldIn(found, now)
      this.current = found.current
      this.currentSince = Math.min(found.currentSince, now)
      this.look(moment)
      return
    }
    const verdict = decide(this.#held, this.#signs, now)
    // Of one that was taken over nobody can say yet whether it is silent.
    this.current = { ...verdict, ...(adopted ? { name: "unknown", confidence: 0 } : {}), since: wall }
    this.currentSince = now
    if (!adopted) this.#recorded = this.current.name
    this.#keepIt()
  }

  get recorded(): SessionState["name"] | null {
    return this.#recorded
  }

  set recorded(name) {
    this.#recorded = name
    this.#unkept = true
    this.#keepIt()
  }

  get searched(): number {
    return this.#searched
  }

  set searched(offset) {
    this.#searched = offset
    this.#unkept = true
  }

  /** For a daemon that comes after this one. */
  get kept(): KeptState {
    const { known: _, ...signs } = this.#signs
    const { current, currentSince, recorded, searched } = this
    return { evidence: [...this.#held.values()], signs, current, currentSince, recorded, searched }
  }

  #keepIt(): void {
    if (!this.#unkept) return
    this.#unkept = false
    this.#keep(this.kept)
  }

  note(evidence: Evidence): void {
    this.#held = noted(this.#held, evidence)
    this.#signs = { ...this.#signs, spoken: true }
    this.#unkept = true
  }

  withdraw(kind: Kind): void {
    this.#held = without(this.#held, kind)
    this.#unkept = true
  }

  /** On the path of each keystroke, so it is only noted. */
  readonly typed = (typed: Typed): void => {
    if (typed === "nothing" || this.#typed === "answers" || this.#typed === typed) return
    this.#typed = typed
    if (!this.#typing) this.wake()
  }

  /** It prints nothing at present. */
  get silent(): boolean {
    return this.#signs.steadySince === null
  }

  printed(now: number): void {
    this.#signs = { ...this.#signs, printedAt: now, steadySince: this.#signs.steadySince ?? now }
    this.#unkept = true
  }

  /** Decides anew; true when that changes what is answered. */
  look({ now, wall }: Moment): boolean {
    if (this.#typed !== "nothing") this.#signs = { ...this.#signs, typedAt: now }
    if (this.#typed === "answers") this.#signs = { ...this.#signs, answeredAt: now }
    if (this.#typed !== "nothing") this.#unkept = true
    this.#typed = "nothing"
    const { printedAt, steadySince } = this.#signs
    if (steadySince !== null && now - (printedAt ?? now) >= QUIET_MS)
      this.#signs = { ...this.#signs, steadySince: null }
    const held = settled(this.#held, this.#signs, now)
    if (held !== this.#held) this.#unkept = true
    this.#held = held
    const verdict = decide(this.#held, this.#signs, now)
    const { name, question } = this.current
    const changed = verdict.name !== name || verdict.question !== question
    // The same by another source goes on; a question after another is a new one.
    this.current = { ...verdict, since: changed ? wall : this.current.since }
    if (changed) this.currentSince = now
    if (changed) this.#unkept = true
    // First: whoever hears of it may count on it.
    this.#keepIt()
    if (changed) this.tell()
    return changed
  }

  /**
   * Milliseconds until a state at rest can be what came of the last thing typed, and not what was before it: a program needs a moment to say
   * that it has begun.
   */
  restsIn(now: number): number {
    const { answeredAt } = this.#signs
    if (this.#typed === "answers") return BEGIN_MS
    return answeredAt === null || this.currentSince > answeredAt ? 0 : Math.max(0, answeredAt + BEGIN_MS - now)
  }

  /** Milliseconds until something may change though nothing happens; null: never. */
  next(now: number): number | null {
    return lookAgain(this.#held, this.#signs, now)
  }

  /** Milliseconds until the next look at what is typed, when something just was; null: the next key wakes. */
  typingIn(now: number): number | null {
    const { typedAt } = this.#signs
    this.#typing = typedAt !== null && now - typedAt < TYPING_MS
    return this.#typing ? TYPING_MS : null
  }

  /** Calls `wake` once, when something has happened that is worth a look. */
  onWake(wake: () => void): () => void {
    this.#wake = wake
    return () => {
      if (this.#wake === wake) this.#wake = null
    }
  }

  wake(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }

  /** Calls `listener` once, at the next change. */
  once(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(): void {
    const listeners = this.#listeners
    this.#listeners = new Set()
    for (const listener of listeners) listener()
  }
}
