/**
 * A line of ours on the last row of the user's terminal while the daemon is away. It goes by itself: coming back, the session paints
 * the screen as it was, row included. Pure: what to write, as a string.
 */
import type { TerminalState } from "./TerminalState.ts"

const CSI = "\x1b["

export interface Outage {
  readonly seconds: number
  /** Seconds until the next attempt; 0: it is being made. */
  readonly nextInSeconds: number
  /** How the key that begins a command is written, if there is one. */
  readonly key: string | undefined
}

/** Short enough for 80 columns. */
export const outageText = ({ key, nextInSeconds, seconds }: Outage): string =>
  [
    `agentd is away, ${seconds} s.`,
    nextInSeconds > 0 ? `Trying again in ${nextInSeconds} s, or at a key.` : "Trying again.",
    ...(key === undefined ? [] : [`${key} d detaches.`])
  ].join(" ")

/** The cursor, its pen and character set are saved and put back; origin mode comes back with them. */
const onLastRow = (state: TerminalState, rows: number, text: string): string =>
  // A terminal in the middle of a string would swallow it.
  `${state.midSequence ? "\x18\x1b\\" : ""}\x1b7${CSI}?6l${CSI}${rows};1H\x1b(B\x0f${CSI}m${CSI}2K${text}${CSI}m\x1b8`

export const drawStatus = (
  state: TerminalState,
  size: { readonly cols: number; readonly rows: number },
  text: string
) => onLastRow(state, size.rows, `${CSI}7m ${[...text].slice(0, Math.max(0, size.cols - 2)).join("")} `)

export const eraseStatus = (state: TerminalState, rows: number) => onLastRow(state, rows, "")
