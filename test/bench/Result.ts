/**
 * What a measurement hands to the report: figures per round, and the goal they are held against.
 */
import { median, type Rounds, ratio } from "./statistics.ts"

export interface Goal {
  /** Whose figure ours is divided by; null: the goal is in the unit itself. */
  readonly against: string | null
  readonly limit: number
  readonly sense: "at most" | "at least"
}

export interface Measured {
  /** Under which `causes.ts` explains it. */
  readonly id:
    | "version"
    | "ready"
    | "package"
    | "start"
    | "roundTrip"
    | "inFlight"
    | "echo"
    | "throughput"
    | "rest"
    | "session"
    | "idle"
    | "send"
    | "sends"
    | "push"
    | "inbox"
    | "syncSent"
    | "syncReceived"
    | "reattach"
    | "attached"
    | "responsive"
  readonly title: string
  readonly unit: string
  /** Name of our own series. */
  readonly ours: string
  readonly rounds: Rounds
  readonly goal: Goal | null
  /** How it was measured, in a sentence or two. */
  readonly how: string
  /** Peers that could not be measured, and why. */
  readonly missing?: ReadonlyArray<string>
}

export interface Verdict {
  /** Our figure in the goal's terms: a ratio, or the unit's own. */
  readonly value: number
  /** How much of the goal is used up: up to 1 it is met, whichever sense it has. */
  readonly share: number
  readonly met: boolean
}

/** Null without a goal, or when the peer it names was not there. */
export const judge = ({ goal, ours, rounds }: Measured): Verdict | null => {
  if (goal === null) return null
  const value = goal.against === null ? median(rounds.get(ours)!) : ratio(rounds, ours, goal.against)
  if (value === null) return null
  const share = goal.sense === "at most" ? value / goal.limit : goal.limit / value
  return { value, share, met: share <= 1 }
}
