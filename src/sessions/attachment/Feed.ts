/**
 * A session's output as those who send it on see it: the same for one that runs and one that has ended.
 */
import type { Effect } from "effect"
import type { TranscriptUnavailable } from "../../contract/errors/Errors.ts"
import type { SessionExit } from "../../contract/session/Session.ts"
import type { Redraw } from "../screen/Screens.ts"
import type { TranscriptRead } from "../transcript/Transcript.ts"

export interface Feed {
  /** Offset of the next byte the program will print. */
  readonly end: number
  /** Offset of the oldest byte in memory; `end` when none is. */
  readonly start: number
  /** Bytes that are in memory, at most `limit` from `offset` on, in two parts that are valid until more is printed. */
  readonly recent: (offset: number, limit: number) => readonly [Uint8Array, Uint8Array]
  /** Bytes from disk. */
  readonly recorded: (offset: number, limit: number) => Effect.Effect<TranscriptRead, TranscriptUnavailable>
  readonly redraw: Effect.Effect<Redraw, TranscriptUnavailable>
  /** The screen as it was before the byte at this offset. */
  readonly redrawAt: (offset: number) => Effect.Effect<Redraw, TranscriptUnavailable>
  /** Set once the program has ended and `end` will not grow any more. */
  readonly exit: SessionExit | null
}
