/**
 * What a screen tells about the program that draws it: a detector per program, each a pure function of what a terminal shows now. It has no
 * memory and no clock; when it cannot tell, it says nothing, and whoever asked keeps what other sources told.
 *
 * What is on a screen was written by a program, a model and files: it may imitate anything. So a detector looks for the program's own
 * frame, in the place where the program draws it, and no answer is ever certain.
 */
import type { Screen } from "../../contract/session/SessionTerminal.ts"

/** What a terminal shows at one moment. */
export interface Snapshot {
  /** Of the screen, top to bottom, without what follows the last character. */
  readonly rows: ReadonlyArray<string>
  /** In cells, from 0. */
  readonly cursor: { readonly row: number; readonly column: number; readonly visible: boolean }
  readonly title: string
  /** The alternate screen, which full-screen programs use. */
  readonly alternate: boolean
}

export interface Sighting {
  /**
   * - `working`: it is busy and waits for nobody
   * - `waiting-input`: it asks a person something else than for leave
   * - `needs-permission`: it asks for leave to do something
   * - `idle`: it can be told something, and has nothing of its own to say
   * - `done`: it can be told something, and what it did last ends on this screen
   */
  readonly state: "working" | "waiting-input" | "needs-permission" | "idle" | "done"
  /** 0 to 1, never 1: how seldom a screen with this on it means something else. */
  readonly confidence: number
  /** What it asks: one line of at most `MAX_QUESTION` characters. */
  readonly question?: string
  /** For people who wonder about the answer: what was seen. */
  readonly why: string
}

export interface Detector {
  /** `aider`, `claude`, `codex`, `gemini`, `opencode`, `shell`. */
  readonly name: string
  /** Whether this is its program's command line, with nothing in front of it. */
  recognises(argv: ReadonlyArray<string>): boolean
  /** `undefined`: this screen tells nothing. */
  detect(snapshot: Snapshot): Sighting | undefined
}

/** A session's screen, as a detector takes it. */
export const snapshotOf = ({ alternate, cursor, lines = [], rows, title }: Screen): Snapshot => ({
  rows: lines.slice(-rows),
  cursor: { row: cursor.y, column: cursor.x, visible: cursor.visible },
  title,
  alternate
})
