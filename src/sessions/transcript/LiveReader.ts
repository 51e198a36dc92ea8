/**
 * Reads the transcript of a live session, or of one whose directory was not archived yet.
 */
import * as fs from "node:fs/promises"
import { basename, join } from "node:path"
import { Effect, Schema } from "effect"
import { TranscriptUnavailable } from "../../contract/errors/Errors.ts"
import { HEADER_FILE, indexName, parseName, segmentName } from "./Layout.ts"
import { arrange, endOf, entriesOf, findSegment, gapTime, type Segment, sizeIn } from "./Segments.ts"
import { type TranscriptEntry, TranscriptHeader, type TranscriptReader } from "./Transcript.ts"
import { decodeRecords, type IndexRecord } from "./TranscriptIndex.ts"
import type { TranscriptWriter } from "./TranscriptWriter.ts"

/** Bytes below a writer's `flushed` from which on timing may still be on its way to the index; more than one write. */
const BEHIND = 2 * 1024 * 1024

/** Output in memory, by offset: a session's ring. What it holds need not come from the disk, which may be full. */
export interface RecentOutput {
  readonly start: number
  readonly end: number
  readonly read: (offset: number, limit: number) => Uint8Array
}

/** The transcript of a session whose writer is here: readers see all that it took, on a full disk what memory has. */
export const liveReader = (writer: TranscriptWriter, recent?: RecentOutput): TranscriptReader =>
  makeReader(writer.directory, writer.header, writer, recent)

const decodeHeader = Schema.decodeUnknownEffect(Schema.fromJsonString(TranscriptHeader))

/** A directory that nobody writes to; repaired, if its writer was killed. */
export const openLive = Effect.fnUntraced(function* (directory: string) {
  const header = yield* Effect.tryPromise(() => fs.readFile(join(directory, HEADER_FILE), "utf8")).pipe(
    Effect.flatMap(decodeHeader),
    Effect.mapError(
      () => new TranscriptUnavailable({ session: basename(directory), reason: `${HEADER_FILE} is missing or damaged` })
    )
  )
  return makeReader(directory, header)
})

/** Null for a file that is not there; any other failure stays one. */
const orNull = <A>(promise: Promise<A>): Promise<A | null> =>
  promise.catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null
    throw cause
  })

const makeReader = (
  directory: string,
  header: TranscriptHeader,
  writer?: TranscriptWriter,
  recent?: RecentOutput
): TranscriptReader => {
  let cached: { readonly offset: number; readonly records: ReadonlyArray<IndexRecord>; readonly size: number } | null =
    null
  /**
   * What a directory holds that nobody writes to. To look again for each page of it would cost as many calls as it has segments: for a
   * long transcript the square of its length.
   */
  let listed: ReadonlyArray<Segment> | null = null

  const attempt = <A>(run: () => Promise<A>) =>
    Effect.tryPromise({
      try: run,
      catch: (cause) =>
        new TranscriptUnavailable({
          session: header.session,
          reason: cause instanceof Error ? cause.message : `${cause}`
        })
    })

  /** Everything up to `to` is in the files, as far as the disk takes it. */
  const flushed = (to: number) =>
    Effect.suspend(() =>
      writer === undefined || writer.closed || to + BEHIND <= writer.flushed ? Effect.void : writer.flush
    )

  const list = attempt(async () => {
    if (listed !== null) return listed
    const found: Array<Segment> = []
    // A session that has printed nothing yet has no directory either.
    const names = writer === undefined ? await fs.readdir(directory) : ((await orNull(fs.readdir(directory))) ?? [])
    for (const name of names) {
      const parsed = parseName(name)
      if (parsed?.kind !== "raw") continue
      // One that is removed for space meanwhile is as good as removed before.
      const stat = await orNull(fs.stat(join(directory, name)))
      if (stat !== null) found.push({ offset: parsed.offset, bytes: stat.size })
    }
    const segments = arrange(found)
    if (writer === undefined) listed = segments
    return segments
  })

  /** The bytes of `segment` from `from` on; null when the segment was removed meanwhile. */
  const readRaw = (segment: Segment, from: number, limit: number) =>
    attempt(async () => {
      const wanted = Math.max(0, Math.min(limit, segment.offset + segment.bytes - from))
      const file = await orNull(fs.open(join(directory, segmentName(segment.offset))))
      if (file === null) {
        listed = null
        return null
      }
      try {
        const bytes = Buffer.allocUnsafe(wanted)
        let done = 0
        while (done < wanted) {
          const { bytesRead } = await file.read(bytes, done, wanted - done, from - segment.offset + done)
          if (bytesRead === 0) break
          done += bytesRead
        }
        return bytes.subarray(0, done)
      } finally {
        await file.close()
      }
    })

  /** A missing index costs timing and sizes, never bytes. */
  const readIndex = (segment: Segment) =>
    attempt(async () => {
      if (writer === undefined && cached?.offset === segment.offset) return cached.records
      const bytes = (await orNull(fs.readFile(join(directory, indexName(segment.offset))))) ?? Buffer.alloc(0)
      if (cached?.offset === segment.offset && cached.size === bytes.length) return cached.records
      const records = decodeRecords(bytes)
      cached = { offset: segment.offset, records, size: bytes.length }
      return records
    })

  /**
   * Where reading goes on after the end of the files. While the disk refuses what is newer, that is what memory has:
   * better a hole that is told than a screen that stands still.
   */
  const afterFiles = (from: number): number =>
    recent !== undefined && writer !== undefined && !writer.healthy ? Math.max(from, recent.start) : from

  const fromMemory = (from: number, limit: number): Uint8Array | null =>
    recent !== undefined && from >= recent.start && from < recent.end ? recent.read(from, limit) : null

  const read: TranscriptReader["read"] = Effect.fnUntraced(function* (from, limit) {
    const kept = fromMemory(from, limit)
    if (kept !== null) return { from, bytes: kept, missing: 0 }
    yield* flushed(from + limit)
    for (;;) {
      const segments = yield* list
      const segment = segments[findSegment(segments, from)]
      if (segment === undefined) {
        const first = afterFiles(from)
        return { from: first, bytes: fromMemory(first, limit) ?? new Uint8Array(0), missing: first - from }
      }
      const first = Math.max(from, segment.offset)
      const bytes = yield* readRaw(segment, first, limit)
      if (bytes !== null) return { from: first, bytes, missing: first - from }
    }
  })

  const entries: TranscriptReader["entries"] = Effect.fnUntraced(function* (from, limit) {
    yield* flushed(from + limit)
    const segments = yield* list
    const found: Array<TranscriptEntry> = []
    let next = from
    let left = limit
    let at = header.createdAt
    const begin = segments.findIndex(({ offset, bytes }) => offset + bytes >= from)
    for (const [i, segment] of begin < 0 ? [] : [...segments.entries()].slice(begin)) {
      // One without bytes holds what happened at the very end.
      if (left <= 0 && segment.bytes > 0) break
      const before = segments[i - 1]
      const afterHole = segment.offset > (before === undefined ? 0 : before.offset + before.bytes)
      const records = yield* readIndex(segment)
      const start = Math.max(next, segment.offset)
      const bytes = yield* readRaw(segment, start, left)
      if (bytes === null) continue
      if (segment.offset > next) {
        found.push({ kind: "gap", from: next, to: segment.offset, at: gapTime(records, at) })
      }
      found.push(...entriesOf({ segment, records, from: start, bytes, afterHole, at }))
      at = found.at(-1)?.at ?? at
      next = start + bytes.length
      left -= bytes.length
      if (bytes.length > 0 && next < segment.offset + segment.bytes) break
    }
    if (next >= endOf(segments) && left > 0) {
      const first = afterFiles(next)
      if (first > next) found.push({ kind: "gap", from: next, to: first, at })
      const kept = fromMemory(first, left) ?? new Uint8Array(0)
      if (kept.length > 0) found.push({ kind: "output", offset: first, at, bytes: kept })
      next = first + kept.length
    }
    return { entries: found, next }
  })

  const sizeAt: TranscriptReader["sizeAt"] = Effect.fnUntraced(function* (offset) {
    yield* flushed(offset)
    const segment = (yield* list).findLast((candidate) => candidate.offset <= offset)
    const size = segment === undefined ? null : sizeIn(yield* readIndex(segment), offset)
    return size ?? { cols: header.cols, rows: header.rows }
  })

  const end = Effect.gen(function* () {
    if (recent !== undefined) return recent.end
    yield* flushed(Number.POSITIVE_INFINITY)
    return endOf(yield* list)
  })

  return {
    header,
    get live() {
      return writer !== undefined && !writer.closed
    },
    end,
    read,
    entries,
    sizeAt
  }
}
