/**
 * Records a live session's output: takes chunks without ever waiting or throwing, writes them in order a moment later.
 *
 * `append` copies into pooled blocks and returns; one fiber writes them out, at most 50 ms later. When the disk refuses,
 * up to `PENDING_BYTES` wait in memory; what comes beyond that is left out and told as a gap, at true offsets, once
 * the disk takes bytes again. With `onDiskFull: "hold"` the owner is asked to stop reading the program instead.
 */
import { Effect, type Scope } from "effect"
import { Alarm } from "./Alarm.ts"
import { BlockQueue } from "./BlockQueue.ts"
import { Pressure } from "./Pressure.ts"
import { type FileError, type Gap, SegmentFiles } from "./SegmentFiles.ts"
import type { TranscriptHeader } from "./Transcript.ts"
import { type IndexRecord, packSize, RecordType } from "./TranscriptIndex.ts"

/** Milliseconds a byte waits at most before it is handed to the system, while the disk takes them. */
const WRITE_DELAY_MS = 50
/** Bytes that are written without waiting for that. */
const BATCH_BYTES = 512 * 1024
/** Bytes of one write at the most: bounds the time until the next flush gets its turn. */
const WRITE_BYTES = 1024 * 1024
/** Bytes of one session that may wait in memory for the disk. */
export const PENDING_BYTES = 8 * 1024 * 1024
/** Timing records that may wait likewise; a program that prints single bytes reaches this first. */
const PENDING_RECORDS = 65_536
/** Waiting bytes at which the owner is asked to pause, and at which it may go on. */
const WATERLINE = { high: PENDING_BYTES / 2, low: PENDING_BYTES / 8 }
/** Chunks that arrive within so many milliseconds share one timing record, up to so many bytes. */
const SAME_MOMENT_MS = 4
const SAME_MOMENT_BYTES = 64 * 1024
/** Milliseconds until a refused write is tried again: doubles from the first to the second. */
const RETRY_FIRST_MS = 250
const RETRY_LAST_MS = 5_000

export interface TranscriptOptions {
  readonly directory: string
  readonly header: TranscriptHeader
  /** Where to go on, and the size then, when an earlier daemon recorded the beginning. Bytes in between are a gap. */
  readonly resume?: { readonly offset: number; readonly cols: number; readonly rows: number } | undefined
  /** `drop` (default): the program runs on, unrecorded. `hold`: `onPressure(true)` until there is space. */
  readonly onDiskFull?: "drop" | "hold" | undefined
  /** Bytes the transcript may take on disk while it is live; its oldest parts go first. */
  readonly maxBytes?: number | undefined
  /** Told whenever the owner should stop (`true`) or may go on reading the program's output. */
  readonly onPressure?: ((hold: boolean) => void) | undefined
  /** Told when the disk begins to refuse writes, with the reason, and with null when it takes them again. */
  readonly onHealth?: ((problem: string | null) => void) | undefined
}

export class TranscriptWriter {
  readonly directory: string
  readonly header: TranscriptHeader
  /** Offset of the next byte. */
  offset: number
  /** Every recorded byte below this offset can be read from the files. */
  flushed: number
  /** Bytes that were not recorded so far. */
  unrecorded = 0
  /** Why the disk refuses writes now; null while it takes them. */
  problem: string | null = null

  readonly #options: TranscriptOptions
  readonly #files: SegmentFiles
  readonly #queue = new BlockQueue()
  readonly #alarm = new Alarm()
  readonly #pressure: Pressure
  #records: Array<IndexRecord> = []
  #lastAt = Number.NEGATIVE_INFINITY
  #lastOffset = 0
  #size: number
  /** Offset from which bytes are being left out, or -1. */
  #lostFrom = -1
  #lostAt = 0
  #gap: Gap | null = null
  #writing = false
  #closing = false
  #closed = false
  #waiting: Array<() => void> = []

  constructor(options: TranscriptOptions) {
    const { header, resume } = options
    this.directory = options.directory
    this.header = header
    this.#options = options
    this.offset = this.flushed = resume?.offset ?? 0
    this.#lastOffset = this.offset
    this.#pressure = new Pressure(WATERLINE, options.onDiskFull === "hold", options.onPressure)
    // The first thing to do is to make the directory.
    this.#alarm.ring()
    const { cols, rows } = resume ?? header
    this.#size = packSize(cols, rows)
    this.#files = new SegmentFiles(options.directory, header, cols, rows, options.maxBytes ?? Number.POSITIVE_INFINITY)
  }

  get healthy(): boolean {
    return this.problem === null
  }

  /** The owner should not read more output for now. */
  get pressure(): boolean {
    return this.#pressure.on
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Bytes that wait in memory. */
  get pendingBytes(): number {
    return this.#queue.size
  }

  /** What was written since the last call and may not be on disk yet, as paths; for `syncing`. */
  takeUnsynced(): ReadonlyArray<string> {
    return this.#files.takeUnsynced()
  }

  /** Takes a copy of the chunk. Costs about a microsecond for 4 KiB; never throws, never waits. */
  append(chunk: Uint8Array, at: number): void {
    const offset = this.offset
    if (this.#closing || chunk.length === 0) return
    this.offset = offset + chunk.length
    if (this.#lostFrom >= 0 || this.#queue.size + chunk.length > PENDING_BYTES || this.#tooManyRecords) {
      if (this.#lostFrom < 0) {
        this.#lostFrom = offset
        this.#lostAt = at
      }
      this.unrecorded += chunk.length
      return
    }
    if (at - this.#lastAt >= SAME_MOMENT_MS || at < this.#lastAt || offset - this.#lastOffset >= SAME_MOMENT_BYTES) {
      this.#records.push({ type: RecordType.Output, at, offset, value: 0 })
      this.#lastAt = at
      this.#lastOffset = offset
    }
    this.#queue.push(chunk)
    if (this.problem === null) {
      if (this.#queue.size >= BATCH_BYTES && !this.#writing) this.#alarm.ring()
      else this.#alarm.ringIn(WRITE_DELAY_MS)
    }
    if (this.#queue.size >= WATERLINE.high) this.#updatePressure()
  }

  /** The terminal has another size from the next byte on. */
  resize(cols: number, rows: number, at: number): void {
    if (this.#closing) return
    this.#size = packSize(cols, rows)
    // While bytes are left out only the last size matters: it is told with the gap.
    if (this.#lostFrom >= 0 || this.#tooManyRecords) return
    this.#records.push({ type: RecordType.Resize, at, offset: this.offset, value: this.#size })
    this.#lastAt = Number.NEGATIVE_INFINITY
    if (this.problem === null) this.#alarm.ringIn(WRITE_DELAY_MS)
  }

  /** Returns once everything appended so far can be read, or one attempt to make it so was refused (see `problem`). */
  get flush(): Effect.Effect<void> {
    return this.#settled(() => this.#closed || (this.#idle && this.problem === null))
  }

  /** Writes what waits, or gives it up after one last attempt, and closes the files. */
  get close(): Effect.Effect<void> {
    return this.#settled(() => {
      this.#closing = true
      return this.#closed
    })
  }

  /** The writing side: runs until `close`. */
  readonly run: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    let retryMs = RETRY_FIRST_MS
    while (!this.#closed) {
      yield* this.#alarm.wait
      const waiting = this.#waiting
      const last = this.#closing
      this.#waiting = []
      this.#writing = true
      const problem = yield* Effect.match(this.#drain, {
        onFailure: (error) => error.code ?? error.message,
        onSuccess: () => null
      })
      this.#writing = false
      this.#setProblem(problem)
      if (last) yield* this.#finish
      else if (problem === null) retryMs = RETRY_FIRST_MS
      else {
        this.#alarm.ringIn(retryMs)
        retryMs = Math.min(retryMs * 2, RETRY_LAST_MS)
      }
      for (const done of waiting) done()
    }
    for (const done of this.#waiting) done()
  })

  /**
   * Writes the gap and then all that waited when it began. What comes meanwhile goes with the next batch: a write takes two
   * system calls and three thread switches, too much for the few kilobytes that a busy program prints during one. What
   * succeeded before a failure stays done.
   */
  readonly #drain: Effect.Effect<void, FileError> = Effect.gen({ self: this }, function* () {
    yield* this.#files.prepare
    const { offset } = this
    while (!this.#idle && !this.#enough(offset)) {
      if (this.#gap !== null) yield* this.#writeGap(this.#gap)
      if (this.#queue.size > 0 || this.#records.length > 0) yield* this.#writeSome
      if (this.#queue.size === 0 && this.#records.length === 0 && this.#lostFrom >= 0) {
        // From here on bytes are taken again, so that the gap has an end however busy the program is.
        this.#gap = { from: this.#lostFrom, to: this.offset, at: this.#lostAt, size: this.#size }
        this.#lostFrom = -1
        this.#lastAt = Number.NEGATIVE_INFINITY
      }
    }
  })

  readonly #writeSome: Effect.Effect<void, FileError> = Effect.gen({ self: this }, function* () {
    if (this.#files.room === 0) yield* this.#files.rotate(this.flushed)
    const parts = this.#queue.peek(Math.min(WRITE_BYTES, this.#files.room))
    if (parts.length > 0) {
      const written = yield* this.#files.data(parts)
      this.#queue.shift(written)
      this.flushed += written
      this.#pressure.progress()
      this.#updatePressure()
    }
    // A record at the very end waits for its byte, which may open the next segment; a resize there need not.
    const end = this.#queue.size === 0 ? this.flushed : this.flushed - 1
    const later = this.#records.findIndex((record) => record.offset > end)
    const count = later < 0 ? this.#records.length : later
    if (count === 0) return
    yield* this.#files.index(this.#records.slice(0, count))
    this.#records.splice(0, count)
  })

  #writeGap(gap: Gap): Effect.Effect<void, FileError> {
    return Effect.map(this.#files.rotate(gap.to, gap), () => {
      this.flushed = gap.to
      this.#gap = null
    })
  }

  readonly #finish: Effect.Effect<void> = Effect.suspend(() => {
    this.unrecorded += this.#queue.size
    this.#queue.clear()
    this.#records = []
    this.#closed = true
    this.#alarm.stop()
    this.#updatePressure()
    return this.#files.close()
  })

  get #idle(): boolean {
    return this.#queue.size === 0 && this.#records.length === 0 && this.#lostFrom < 0 && this.#gap === null
  }

  /** Everything up to `offset` is written, and what is left is not worth a write now. */
  #enough(offset: number): boolean {
    const record = this.#records[0]
    return (
      this.#queue.size < BATCH_BYTES &&
      this.flushed >= offset &&
      this.#lostFrom < 0 &&
      this.#gap === null &&
      (record === undefined || record.offset > offset)
    )
  }

  get #tooManyRecords(): boolean {
    return this.#records.length >= PENDING_RECORDS
  }

  #settled(already: () => boolean): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (already()) return resume(Effect.void)
      this.#waiting.push(() => resume(Effect.void))
      this.#alarm.ring()
    })
  }

  #setProblem(problem: string | null): void {
    if (problem === this.problem) return
    this.problem = problem
    this.#options.onHealth?.(problem)
    this.#updatePressure()
  }

  #updatePressure(): void {
    this.#pressure.update(this.#queue.size, this.healthy)
  }
}

/** A writer that closes with the scope; what it could not write until then is lost and counted in `unrecorded`. */
export const openTranscript = (options: TranscriptOptions): Effect.Effect<TranscriptWriter, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const writer = new TranscriptWriter(options)
      return Effect.as(Effect.forkDetach(writer.run), writer)
    }),
    (writer) => writer.close
  )
