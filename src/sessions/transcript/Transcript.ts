/**
 * Words shared by everything that writes or reads a transcript: its header, its entries, and the reader's interface.
 *
 * A transcript is a session's output by offset. Some offsets may be missing (a full disk, the oldest part removed for
 * space); readers say so and never shift the rest.
 */
import type { Effect } from "effect"
import { Schema } from "effect"
import type { TranscriptUnavailable } from "../../contract/errors/Errors.ts"

/** What is known when a recording begins. Never the environment. */
export const TranscriptHeader = Schema.Struct({
  version: Schema.Literal(1),
  session: Schema.String,
  name: Schema.String,
  argv: Schema.Array(Schema.String),
  cwd: Schema.String,
  cols: Schema.Int,
  rows: Schema.Int,
  term: Schema.String,
  /** Milliseconds since 1970-01-01 UTC. */
  createdAt: Schema.Int
})
export type TranscriptHeader = typeof TranscriptHeader.Type

export interface OutputEntry {
  readonly kind: "output"
  /** Offset of the first byte. */
  readonly offset: number
  /** Milliseconds since 1970-01-01 UTC, like every `at` here. */
  readonly at: number
  readonly bytes: Uint8Array
}
export interface ResizeEntry {
  readonly kind: "resize"
  /** The new size counts from this byte on. */
  readonly offset: number
  readonly at: number
  readonly cols: number
  readonly rows: number
}
/** The bytes `from` to `to` (exclusive) are not there. */
export interface GapEntry {
  readonly kind: "gap"
  readonly from: number
  readonly to: number
  readonly at: number
}
export type TranscriptEntry = OutputEntry | ResizeEntry | GapEntry

export interface TranscriptRead {
  /** Offset of the first byte returned: the first one that is kept at or after the offset asked for. */
  readonly from: number
  readonly bytes: Uint8Array
  /** Bytes skipped between the offset asked for and `from`. */
  readonly missing: number
}

export interface TranscriptPage {
  readonly entries: ReadonlyArray<TranscriptEntry>
  /** Where the next page starts. Equal to the `from` asked for only when there is nothing more. */
  readonly next: number
}

/** Reads a live directory or an archive; both look the same. */
export interface TranscriptReader {
  readonly header: TranscriptHeader
  /** More may come. */
  readonly live: boolean
  /** Offset after the last byte that can be read now. */
  readonly end: Effect.Effect<number, TranscriptUnavailable>
  /** At most `limit` bytes, without a hole in them. */
  readonly read: (from: number, limit: number) => Effect.Effect<TranscriptRead, TranscriptUnavailable>
  /** The terminal's size when the byte at this offset was printed. */
  readonly sizeAt: (
    offset: number
  ) => Effect.Effect<{ readonly cols: number; readonly rows: number }, TranscriptUnavailable>
  /**
   * Entries in order, holding at most `limit` bytes of output. A resize counts to the page that holds the byte after it;
   * one at the very end is part of the last page, and is seen again when reading goes on from there.
   */
  readonly entries: (from: number, limit: number) => Effect.Effect<TranscriptPage, TranscriptUnavailable>
}
