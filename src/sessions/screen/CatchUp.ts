/**
 * Feeds an emulator what has been printed since it was fed last; of a backlog too long for that, its end, in the modes that what is left
 * out leaves behind.
 */
import { Effect } from "effect"
import type { TranscriptReader } from "../transcript/Transcript.ts"
import { type Emulator, makeEmulator, type Size } from "./Emulator.ts"
import { Prelude } from "./Prelude.ts"
import type { ScreenSource } from "./ScreenSource.ts"

/** Output read and parsed between two looks at the transcript. */
const PAGE_BYTES = 256 * 1024
/** A longer backlog than this is not fed whole: an emulator takes some 20 MB a second. */
export const MAX_BACKLOG = 32 * 1024 * 1024
/** What is fed of it instead, and how much of the rest is searched for modes. */
const FED_BACKLOG = 4 * 1024 * 1024
const SCANNED_BACKLOG = 256 * 1024 * 1024

/** An emulator and the offset it has been fed to. */
export interface Fed {
  emulator: Emulator | null
  offset: number
}

type Begin = (emulator: Emulator, earlier: ScreenSource["earlier"]) => Effect.Effect<void>

export const catchUp = Effect.fnUntraced(function* (
  entry: Fed,
  { earlier, reader }: ScreenSource,
  begin: Begin,
  until = Number.POSITIVE_INFINITY
) {
  const end = Math.min(yield* reader.end, until)
  let emulator = entry.emulator
  if (emulator === null || end - entry.offset > MAX_BACKLOG) {
    const start = end - entry.offset > MAX_BACKLOG ? end - FED_BACKLOG : entry.offset
    const begun = yield* beginAt(reader, start, emulator === null ? 0 : entry.offset, emulator)
    if (start === 0) yield* begin(begun, earlier)
    entry.emulator?.dispose()
    entry.emulator = emulator = begun
    entry.offset = start
  }
  while (entry.offset < end) {
    const page = yield* reader.entries(entry.offset, Math.min(PAGE_BYTES, end - entry.offset))
    // Whole or not at all: a caller that goes away leaves the emulator and its offset in step.
    yield* Effect.uninterruptible(feed(emulator, page.entries, () => (entry.offset = page.next)))
    if (page.entries.length === 0) break
  }
  return emulator
})

const feed = Effect.fnUntraced(function* (
  emulator: Emulator,
  entries: Effect.Success<ReturnType<TranscriptReader["entries"]>>["entries"],
  done: () => void
) {
  for (const entry of entries) {
    if (entry.kind === "output") yield* emulator.write(entry.bytes)
    else if (entry.kind === "resize") emulator.resize(entry)
  }
  done()
})

/** A fresh emulator for output from `start` on, in the modes that the output before leaves behind. */
const beginAt = Effect.fnUntraced(function* (
  reader: TranscriptReader,
  start: number,
  scannedTo: number,
  before: Emulator | null
) {
  const size: Size = yield* reader.sizeAt(start)
  if (start === 0) return yield* makeEmulator(size)
  const prelude = new Prelude(before?.modes)
  for (let next = Math.max(scannedTo, start - SCANNED_BACKLOG); next < start; ) {
    const { from, bytes } = yield* reader.read(next, Math.min(PAGE_BYTES, start - next))
    if (bytes.length === 0) break
    if (from < start) prelude.scan(bytes)
    next = from + bytes.length
    yield* Effect.yieldNow
  }
  const emulator = yield* makeEmulator(size, prelude.modes)
  yield* emulator.write(Buffer.from(prelude.sequences))
  return emulator
})
