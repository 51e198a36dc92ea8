/**
 * Screens of sessions as a terminal emulator sees them, on demand.
 */
import { Context, type Effect } from "effect"
import type { TranscriptUnavailable } from "../../contract/Errors.ts"
import type { Screen } from "../../contract/Session.ts"
import type { TranscriptReader } from "../transcript/Transcript.ts"

/** What a screen is made from: a live session's transcript (its reader flushes what is pending) or an archive. */
export interface ScreenSource {
  /** Session id: emulators are kept under it. */
  readonly id: string
  /** The terminal's size now; the transcript's own resizes decide about the past. */
  readonly cols: number
  readonly rows: number
  readonly reader: TranscriptReader
}

export interface Redraw {
  /** The screen is the one after this many bytes of output. */
  readonly offset: number
  readonly bytes: Uint8Array
}

export class Screens extends Context.Service<
  Screens,
  {
    readonly snapshot: (
      source: ScreenSource,
      options?: { readonly format?: "text" | "ansi" | "json"; readonly scrollback?: number }
    ) => Effect.Effect<Screen, TranscriptUnavailable>
    /** Escape sequences that make any terminal of that size show the same screen, in the same modes. */
    readonly redraw: (
      source: ScreenSource,
      options?: { readonly scrollback?: number }
    ) => Effect.Effect<Redraw, TranscriptUnavailable>
    /** Lets go of a session's emulator: it was removed. */
    readonly forget: (id: string) => Effect.Effect<void>
  }
>()("agentd/sessions/Screens") {}
