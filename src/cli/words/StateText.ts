/** What a session's program is doing, for people. */
import type { Session } from "../../contract/session/Session.ts"
import type { SessionState, StateName } from "../../contract/session/SessionState.ts"
import { age, type Colour } from "../Paint.ts"

/** Below this a state is shown with a question mark: it may as well be another. */
const SURE = 0.5

export const STATES = [
  "starting",
  "working",
  "waiting-input",
  "needs-permission",
  "idle",
  "done",
  "exited",
  "unknown"
] as const satisfies ReadonlyArray<StateName>

export const isState = (word: string): word is StateName => (STATES as ReadonlyArray<string>).includes(word)

/** "needs-permission", "idle?". */
export const stateWord = ({ confidence, name }: Pick<SessionState, "confidence" | "name">): string =>
  name !== "unknown" && confidence < SURE ? `${name}?` : name

/** Words that fit into a narrow column. */
const SHORT: Partial<Readonly<Record<StateName, string>>> = {
  "waiting-input": "asks",
  "needs-permission": "permission"
}

/** "working", "permission", "idle?": in ten cells. */
export const stateShort = ({ confidence, name }: Pick<SessionState, "confidence" | "name">): string => {
  const word = SHORT[name] ?? name
  return name !== "unknown" && confidence < SURE ? `${word}?` : word
}

/** A state that more than silence tells of; null: whether it runs is all there is to say. */
export const toldState = ({ state, status }: Pick<Session, "state" | "status">): SessionState | null =>
  state === undefined || status !== "running" || state.source === "silence" || state.source === "process" ? null : state

/** "working 3m"; a dash for one that has ended, or whose daemon does not look. */
export const stateCell = ({ state }: Pick<Session, "state">): string =>
  state === undefined || state.name === "exited" ? "-" : `${stateWord(state)} ${age(state.since)}`

export const stateColour = ({ state }: Pick<Session, "state">): Colour | undefined =>
  state?.name === "needs-permission" || state?.name === "waiting-input" ? "yellow" : undefined

/** "working, since …, says its screen (0.8)". */
export const describeState = (state: SessionState | undefined, at: (ms: number) => string): string => {
  if (state === undefined) return "-"
  const says = { native: "itself", hook: "its hook", terminal: "its terminal", screen: "its screen" }
  const by = { ...says, silence: "its output", process: "its process" }[state.source]
  const sure = state.name === "unknown" ? "" : `, by ${by} (${state.confidence.toFixed(1)})`
  return `${state.name} since ${at(state.since)}${sure}`
}
