/**
 * The files of a transcript being written: opens a segment with its index, writes at known positions, rotates, and
 * removes the oldest when the transcript may only be so large. Knows nothing of queues and time; every step can fail
 * and be tried again, because positions move only after success.
 */
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import {
  DIRECTORY_MODE,
  FILE_MODE,
  HEADER_FILE,
  indexName,
  parseName,
  SEGMENT_BYTES,
  SEGMENT_RECORDS,
  segmentName
} from "./Layout.ts"
import type { TranscriptHeader } from "./Transcript.ts"
import { encodeRecord, type IndexRecord, packSize, RECORD_BYTES, RecordType, unpackSize } from "./TranscriptIndex.ts"

/** A capped transcript is cut into at least so many segments, so that removing one removes little. */
const SEGMENTS_UNDER_CAP = 8
const SMALLEST_SEGMENT = 16 * 1024

export type FileError = NodeJS.ErrnoException

/** An effect from a Node callback API: no promise in between, these run for every batch of output. */
const call = <A>(run: (done: (error: FileError | null, value: A) => void) => void): Effect.Effect<A, FileError> =>
  Effect.callback<A, FileError>((resume) =>
    run((error, value) => resume(error === null ? Effect.succeed(value) : Effect.fail(error)))
  )

const ignoring = (run: (done: (error: FileError | null) => void) => void) => Effect.ignore(call<void>(run))

/** A closed hole in the recording; `size` is the packed terminal size from `to` on. */
export interface Gap {
  readonly from: number
  readonly to: number
  readonly at: number
  readonly size: number
}

interface OpenSegment {
  readonly offset: number
  /** Its two files, for whoever puts them on disk. */
  readonly names: { readonly raw: string; readonly idx: string }
  readonly raw: number
  readonly idx: number
  bytes: number
  records: number
}

export class SegmentFiles {
  readonly #directory: string
  readonly #header: TranscriptHeader
  readonly #maxBytes: number
  readonly #segmentBytes: number
  /** Paths written since the last look at them; the directory's own when it has a new name. */
  readonly #unsynced = new Set<string>()
  #prepared = false
  #open: OpenSegment | null = null
  /** Segments on disk, oldest first, without the open one. */
  readonly #closed: Array<{ readonly offset: number; readonly bytes: number }> = []
  #closedBytes = 0
  /** Size of the terminal and time at the last record written: what a new segment begins with. */
  #cols: number
  #rows: number
  #at: number

  constructor(directory: string, header: TranscriptHeader, cols: number, rows: number, maxBytes: number) {
    this.#directory = directory
    this.#header = header
    this.#cols = cols
    this.#rows = rows
    this.#at = header.createdAt
    this.#maxBytes = maxBytes
    this.#segmentBytes = Math.min(SEGMENT_BYTES, Math.max(SMALLEST_SEGMENT, Math.floor(maxBytes / SEGMENTS_UNDER_CAP)))
  }

  /** Bytes the open segment still takes; 0 when the next byte needs another one. */
  get room(): number {
    const open = this.#open
    return open === null || open.records >= SEGMENT_RECORDS ? 0 : Math.max(0, this.#segmentBytes - open.bytes)
  }

  /** What has been written since the last call and may not be on disk yet, as paths. */
  takeUnsynced(): ReadonlyArray<string> {
    if (this.#unsynced.size === 0) return []
    const paths = [...this.#unsynced]
    this.#unsynced.clear()
    return paths
  }

  /** Continues in a new segment that begins at `offset`, or after the gap. */
  rotate(offset: number, gap: Gap | null = null): Effect.Effect<void, FileError> {
    const self = this
    return Effect.gen(function* () {
      yield* self.close()
      const raw = yield* self.#create(segmentName(offset))
      const idx = yield* Effect.tapError(self.#create(indexName(offset)), () => ignoring((done) => fs.close(raw, done)))
      const names = { raw: self.#path(segmentName(offset)), idx: self.#path(indexName(offset)) }
      self.#open = { offset, names, raw, idx, bytes: 0, records: 0 }
      self.#unsynced.add(self.#directory)
      yield* Effect.tapError(self.index(self.#beginning(offset, gap)), () => self.close())
      yield* self.#removeOldest()
    })
  }

  /** Appends bytes to the open segment and says how many were taken; a nearly full disk takes fewer. */
  data(parts: ReadonlyArray<Buffer>): Effect.Effect<number, FileError> {
    const open = this.#open!
    return Effect.map(
      call<number>((done) => fs.writev(open.raw, parts, open.bytes, done)),
      (written) => {
        this.#unsynced.add(open.names.raw)
        open.bytes += written
        return written
      }
    )
  }

  index(records: ReadonlyArray<IndexRecord>): Effect.Effect<void, FileError> {
    const open = this.#open!
    const bytes = Buffer.allocUnsafe(records.length * RECORD_BYTES)
    records.forEach((record, i) => {
      encodeRecord(bytes, i * RECORD_BYTES, record)
    })
    const write = (from: number): Effect.Effect<void, FileError> =>
      call<number>((done) =>
        fs.write(open.idx, bytes, from, bytes.length - from, open.records * RECORD_BYTES + from, done)
      ).pipe(Effect.flatMap((written) => (from + written < bytes.length ? write(from + written) : Effect.void)))
    return Effect.map(write(0), () => {
      this.#unsynced.add(open.names.idx)
      open.records += records.length
      for (const record of records) {
        this.#at = record.at
        if (record.type === RecordType.Resize) ({ cols: this.#cols, rows: this.#rows } = unpackSize(record.value))
      }
    })
  }

  close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const open = this.#open
      if (open === null) return Effect.void
      this.#open = null
      const bytes = open.bytes + open.records * RECORD_BYTES
      this.#closed.push({ offset: open.offset, bytes })
      this.#closedBytes += bytes
      return Effect.andThen(
        ignoring((done) => fs.close(open.raw, done)),
        ignoring((done) => fs.close(open.idx, done))
      )
    })
  }

  #beginning(offset: number, gap: Gap | null): ReadonlyArray<IndexRecord> {
    if (gap === null) {
      return [{ type: RecordType.Resize, at: this.#at, offset, value: packSize(this.#cols, this.#rows) }]
    }
    return [
      { type: RecordType.Resize, at: gap.at, offset, value: gap.size },
      { type: RecordType.Gap, at: gap.at, offset, value: gap.from }
    ]
  }

  /** Makes the directory, or takes over the one an earlier daemon wrote. */
  get prepare(): Effect.Effect<void, FileError> {
    if (this.#prepared) return Effect.void
    const self = this
    return Effect.gen(function* () {
      const directory = self.#directory
      yield* call<unknown>((done) => fs.mkdir(directory, { recursive: true, mode: DIRECTORY_MODE }, done))
      const names = (yield* call<Array<string>>((done) => fs.readdir(directory, done))).sort()
      const sizes = new Map<number, number>()
      for (const name of names) {
        const offset = parseName(name)?.offset
        if (offset === undefined) continue
        const { size } = yield* call<fs.Stats>((done) => fs.stat(join(directory, name), done))
        sizes.set(offset, (sizes.get(offset) ?? 0) + size)
      }
      if (!names.includes(HEADER_FILE)) {
        // Renamed into place, so that it is whole or not there.
        const path = join(directory, HEADER_FILE)
        const text = `${JSON.stringify(self.#header)}\n`
        yield* call<void>((done) => fs.writeFile(`${path}.tmp`, text, { mode: FILE_MODE }, done))
        yield* call<void>((done) => fs.rename(`${path}.tmp`, path, done))
        self.#unsynced.add(path).add(directory).add(dirname(directory))
      }
      for (const [offset, bytes] of sizes) self.#closed.push({ offset, bytes })
      self.#closedBytes = self.#closed.reduce((sum, segment) => sum + segment.bytes, 0)
      self.#prepared = true
    })
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }

  /** `w`: a segment that a failed attempt left behind holds nothing that counts. */
  #create(name: string): Effect.Effect<number, FileError> {
    return call<number>((done) => fs.open(this.#path(name), "w", FILE_MODE, done))
  }

  #removeOldest(): Effect.Effect<void> {
    return Effect.suspend(() => {
      // What the open segment may grow to is counted in, so that the cap is never exceeded.
      const oldest = this.#closed[0]
      if (oldest === undefined || this.#closedBytes + this.#segmentBytes <= this.#maxBytes) return Effect.void
      this.#closed.shift()
      this.#closedBytes -= oldest.bytes
      return ignoring((done) => fs.unlink(join(this.#directory, segmentName(oldest.offset)), done)).pipe(
        Effect.andThen(ignoring((done) => fs.unlink(join(this.#directory, indexName(oldest.offset)), done))),
        Effect.andThen(this.#removeOldest())
      )
    })
  }
}
