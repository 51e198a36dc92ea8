/**
 * Reads recorded output by offset, as bytes, text or asciicast, and waits for more of it when asked to.
 */
import { Effect } from "effect"
import { MAX_OUTPUT_BYTES } from "../contract/Limits.ts"
import type { OutputParams, OutputResult } from "../contract/Session.ts"
import type { Entry } from "./LiveSessions.ts"
import { Recordings } from "./Recordings.ts"
import { resolve } from "./Resolve.ts"
import { castLines } from "./transcript/CastLines.ts"
import { plainText } from "./transcript/PlainText.ts"
import type { TranscriptReader } from "./transcript/Transcript.ts"

/** The transcript of a session, wherever it is by now. */
export const readerOf = Effect.fnUntraced(function* (id: string, entry: Entry | undefined) {
  return entry !== undefined ? entry.recording.reader : yield* (yield* Recordings).read(id)
})

export const output = Effect.fn("Sessions.output")(function* (params: typeof OutputParams.Type) {
  const { entry, record } = yield* resolve(params.session)
  const endNow = () => entry?.live.end ?? record.offset
  const asked = params.from ?? 0
  const from = Math.min(endNow(), asked < 0 ? Math.max(0, endNow() + asked) : asked)
  if (params.waitMs !== undefined && entry !== undefined) yield* more(entry, from, params.waitMs)

  const reader = yield* readerOf(record.id, entry)
  const read = yield* read_(reader, from, params.limit ?? MAX_OUTPUT_BYTES, params.format ?? "raw")
  const end = endNow()
  const ended = entry === undefined || entry.live.exit !== null
  // What is missing at the very end is skipped too, or a reader would ask for it for ever.
  const next = read.next > from || !ended ? read.next : end
  const result: typeof OutputResult.Type = { ...read, next, end, done: ended && next >= end }
  return result
})

const more = (entry: Entry, from: number, waitMs: number) =>
  Effect.gen(function* () {
    while (entry.live.end <= from && entry.live.exit === null) yield* entry.live.changed
  }).pipe(Effect.timeoutOption(waitMs))

const read_ = Effect.fnUntraced(function* (
  reader: TranscriptReader,
  from: number,
  limit: number,
  format: "raw" | "text" | "cast"
) {
  if (format === "cast") {
    const lines = yield* castLines(reader, from, limit)
    return { from, next: lines.next, missing: lines.missing, data: lines.text }
  }
  const { bytes, from: first, missing } = yield* reader.read(from, limit)
  const data = format === "raw" ? Buffer.from(bytes).toString("base64") : plainText(bytes)
  return { from: first, next: first + bytes.length, missing, data }
})
