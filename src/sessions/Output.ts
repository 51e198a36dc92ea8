/**
 * Reads recorded output by offset, as bytes, text or asciicast, and waits for more of it when asked to.
 */
import { Effect } from "effect"
import { MAX_OUTPUT_BYTES } from "../contract/Limits.ts"
import type { OutputParams, OutputResult } from "../contract/session/SessionTerminal.ts"
import type { Entry } from "./life/LiveSessions.ts"
import { resolve } from "./reach/Resolve.ts"
import { castLines } from "./transcript/CastLines.ts"
import { offsetAt } from "./transcript/OffsetAt.ts"
import { plainText } from "./transcript/PlainText.ts"
import { Recordings } from "./transcript/Recordings.ts"
import type { TranscriptReader } from "./transcript/Transcript.ts"
import { wholeLength } from "./transcript/WholeText.ts"

/** The transcript of a session, wherever it is by now. */
export const readerOf = Effect.fnUntraced(function* (id: string, entry: Entry | undefined) {
  return entry !== undefined ? entry.recording.reader : yield* (yield* Recordings).read(id)
})

export const output = Effect.fn("Sessions.output")(function* (params: typeof OutputParams.Type) {
  const { entry, record } = yield* resolve(params.session)
  const endNow = () => entry?.live.end ?? record.offset
  const ended = () => entry === undefined || entry.live.exit !== null
  const wanted = params.from ?? 0
  const asked = Math.min(endNow(), wanted < 0 ? Math.max(0, endNow() + wanted) : wanted)
  const reader = yield* readerOf(record.id, entry)
  const from = Math.max(asked, params.since === undefined ? 0 : yield* offsetAt(reader, endNow(), params.since))
  const read = Effect.suspend(() =>
    read_(reader, from, params.limit ?? MAX_OUTPUT_BYTES, params.format ?? "raw", () => ended() && endNow())
  )
  const { held, ...first } = yield* params.waitMs === undefined || entry === undefined
    ? read
    : awaited(entry, from, read, params.waitMs)
  const end = endNow()
  // What is missing at the very end is skipped too, or a reader would ask for it for ever.
  const skipped = ended() && first.next <= from && from < end && !held
  const result: typeof OutputResult.Type = {
    ...first,
    ...(skipped ? { from: end, next: end, missing: end - from } : {}),
    end,
    done: ended() && (skipped || first.next >= end)
  }
  return result
})

interface Read {
  readonly from: number
  readonly next: number
  readonly missing: number
  readonly data: string
  /** There are bytes, but they are half a character or escape sequence. */
  readonly held: boolean
}

/** Reads as soon as that brings something, but half a character or escape sequence is not enough. */
const awaited = <E>({ live }: Entry, from: number, read: Effect.Effect<Read, E>, waitMs: number) =>
  Effect.gen(function* () {
    for (;;) {
      const { end, exit } = live
      if (end > from || exit !== null) {
        const found = yield* read
        if (found.next > from || exit !== null) return found
      }
      if (live.end === end && live.exit === null) yield* live.changed
    }
  }).pipe(Effect.timeoutOrElse({ duration: waitMs, orElse: () => read }))

const read_ = Effect.fnUntraced(function* (
  reader: TranscriptReader,
  from: number,
  limit: number,
  format: "raw" | "text" | "cast",
  finalEnd: () => number | false
) {
  if (format === "cast") {
    const lines = yield* castLines(reader, from, limit)
    return { from, next: lines.next, missing: lines.missing, data: lines.text, held: lines.next > from }
  }
  const { bytes, from: first, missing } = yield* reader.read(from, limit)
  if (format === "raw") {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64")
    return { from: first, next: first + bytes.length, missing, data, held: false }
  }
  // Nothing will complete what stands unfinished at the very end, or does not fit into a page.
  const whole = first + bytes.length === finalEnd() ? bytes.length : wholeLength(bytes)
  const length = whole === 0 && bytes.length >= limit ? bytes.length : whole
  const data = plainText(bytes.subarray(0, length))
  return { from: first, next: first + length, missing, data, held: length < bytes.length }
})
