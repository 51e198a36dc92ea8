/**
 * What a screen is made from: a session's transcript, live (its reader flushes what is pending) or archived.
 */
import type { Effect } from "effect"
import type { TranscriptReader } from "../transcript/Transcript.ts"

export interface ScreenSource {
  /** Session id: emulators are kept under it. */
  readonly id: string
  /** The terminal's size now; the transcript's own resizes decide about the past. */
  readonly cols: number
  readonly rows: number
  readonly reader: TranscriptReader
  /** What it continues: shown above its own first line. */
  readonly earlier?: Effect.Effect<Earlier | null>
}

export interface Earlier {
  readonly source: ScreenSource
  /** One line that stands between the two. */
  readonly note: string
}
