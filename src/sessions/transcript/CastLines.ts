/**
 * asciicast for a part of a transcript, by offset: what `session.output` hands out page by page, so that the pages put
 * together are one recording.
 */
import { Effect } from "effect"
import { MAX_LINE_BYTES } from "../../contract/Limits.ts"
import { CastWriter, castHeader } from "./Asciicast.ts"
import type { OutputEntry, TranscriptEntry, TranscriptReader } from "./Transcript.ts"

/** Bytes of one answer once it is a JSON string: escapes count several times, the rest of the answer needs its place. */
const MAX_ANSWER = MAX_LINE_BYTES - 64 * 1024
/** Bytes of output that are turned into text at a time; even control characters alone stay under the limit above. */
const PART_BYTES = 32 * 1024

export interface CastPage {
  readonly text: string
  /** Where the next page starts: not in the middle of a character. */
  readonly next: number
  /** Bytes that are missing before the first one that is there. */
  readonly missing: number
}

/** Lines of at most `limit` bytes of output. The header comes with offset 0; times go on from the event before `from`. */
export const castLines = Effect.fnUntraced(function* (reader: TranscriptReader, from: number, limit: number) {
  const size = yield* reader.sizeAt(Math.max(0, from - 1))
  const start = { at: yield* timeBefore(reader, from), offset: from, cols: size.cols, rows: size.rows }
  const writer = new CastWriter(from === 0 ? { ...start, cols: reader.header.cols, rows: reader.header.rows } : start)
  let text = from === 0 ? castHeader(reader.header) : ""
  let room = MAX_ANSWER
  let missing = 0

  const page = yield* reader.entries(from, limit)
  for (const part of page.entries.flatMap(split)) {
    if (part.kind === "gap" && writer.position.offset === from && writer.held.length === 0)
      missing += part.to - part.from
    const lines = writer.push(part)
    text += lines
    room -= Buffer.byteLength(JSON.stringify(lines))
    if (room < PART_BYTES * 8) break
  }
  const all = writer.position.offset + writer.held.length === page.next
  if (all && !reader.live && page.next === (yield* reader.end)) text += writer.end(start.at)
  const result: CastPage = { text, next: writer.position.offset, missing }
  return result
})

const timeBefore = Effect.fnUntraced(function* (reader: TranscriptReader, from: number) {
  if (from === 0) return reader.header.createdAt
  const { entries } = yield* reader.entries(from - 1, 1)
  return entries.find((entry) => entry.kind !== "resize")?.at ?? reader.header.createdAt
})

const split = (entry: TranscriptEntry): ReadonlyArray<TranscriptEntry> => {
  if (entry.kind !== "output" || entry.bytes.length <= PART_BYTES) return [entry]
  const parts: Array<OutputEntry> = []
  for (let from = 0; from < entry.bytes.length; from += PART_BYTES) {
    parts.push({ ...entry, offset: entry.offset + from, bytes: entry.bytes.subarray(from, from + PART_BYTES) })
  }
  return parts
}
