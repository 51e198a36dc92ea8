/**
 * Reads an archive by offset: finds the frame in the seek table, decompresses that one, and goes on from there. Nothing in
 * the file is believed that was not checked; a damaged one is `TranscriptUnavailable`.
 */
import * as fs from "node:fs/promises"
import { basename } from "node:path"
import { zstdDecompress } from "node:zlib"
import { Effect } from "effect"
import { TranscriptUnavailable } from "../../contract/errors/Errors.ts"
import { CastReader } from "./CastReader.ts"
import { type ArchiveFrame, decodeSeekTable, TRAILER_BYTES, tableLength } from "./SeekTable.ts"
import type { TranscriptEntry, TranscriptPage, TranscriptReader } from "./Transcript.ts"

/** Characters of text that are parsed between two turns of the event loop. */
const SLICE = 256 * 1024

export const openArchive = Effect.fnUntraced(function* (file: string) {
  const session = basename(file).replace(/\.cast\.zst$/, "")
  const damaged = () => new TranscriptUnavailable({ session, reason: `${basename(file)} is damaged` })
  const readAt = (position: number, length: number) =>
    Effect.tryPromise({
      try: async () => {
        const handle = await fs.open(file)
        try {
          const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, position)
          return buffer.subarray(0, bytesRead)
        } finally {
          await handle.close()
        }
      },
      catch: (cause) =>
        new TranscriptUnavailable({ session, reason: cause instanceof Error ? cause.message : `${cause}` })
    })

  const { size } = yield* Effect.tryPromise({
    try: () => fs.stat(file),
    catch: () => new TranscriptUnavailable({ session, reason: `${basename(file)} is not there` })
  })
  if (size < TRAILER_BYTES) return yield* damaged()
  const trailer = yield* readAt(size - TRAILER_BYTES, TRAILER_BYTES)
  const length = tableLength(trailer)
  const position = size - TRAILER_BYTES - (length ?? 0)
  if (length === null || position < 0) return yield* damaged()
  const table = decodeSeekTable(yield* readAt(position, length), trailer, position)
  if (table === null) return yield* damaged()
  const { frames, header, end } = table

  const parse = Effect.fnUntraced(function* (frame: ArchiveFrame, next: number) {
    const compressed = yield* readAt(frame.position, frame.bytes)
    const text = yield* decompress(compressed, frame.text).pipe(Effect.mapError(damaged))
    const cast = new CastReader(frame)
    const entries: Array<TranscriptEntry> = []
    for (let from = 0; from < text.length; from += SLICE) {
      entries.push(...cast.push(text.slice(from, from + SLICE)))
      yield* Effect.yieldNow
    }
    return cast.offset === next ? entries : yield* damaged()
  })

  /** The frame read last: pages are smaller than frames. */
  let last: { readonly index: number; readonly entries: ReadonlyArray<TranscriptEntry> } | null = null
  const entriesIn = Effect.fnUntraced(function* (index: number) {
    if (last?.index === index) return last.entries
    const entries = yield* parse(frames[index]!, frames[index + 1]?.offset ?? end)
    last = { index, entries }
    return entries
  })
  const frameOf = (offset: number) =>
    Math.max(
      0,
      frames.findLastIndex((frame) => frame.offset <= offset)
    )

  const entries: TranscriptReader["entries"] = Effect.fnUntraced(function* (from, limit) {
    const pager = new Pager(from, limit)
    for (let index = frameOf(from); index < frames.length && !pager.full; index++) {
      for (const entry of yield* entriesIn(index)) pager.take(entry, end)
    }
    return pager.page
  })

  const read: TranscriptReader["read"] = Effect.fnUntraced(function* (from, limit) {
    const parts: Array<Uint8Array> = []
    let first = from
    for (const entry of (yield* entries(from, limit)).entries) {
      if (entry.kind === "output") parts.push(entry.bytes)
      else if (entry.kind === "gap" && parts.length > 0) break
      else if (entry.kind === "gap") first = entry.to
    }
    return { from: first, bytes: Buffer.concat(parts), missing: first - from }
  })

  const sizeAt: TranscriptReader["sizeAt"] = Effect.fnUntraced(function* (offset) {
    const index = frameOf(offset)
    const start = frames[index] ?? header
    const resize = (yield* entriesIn(index)).findLast((entry) => entry.kind === "resize" && entry.offset <= offset)
    const { cols, rows } = resize?.kind === "resize" ? resize : start
    return { cols, rows }
  })

  const reader: TranscriptReader = { header, live: false, end: Effect.succeed(end), read, entries, sizeAt }
  return reader
})

/** Never more than the table promised: a small file cannot become a large allocation. */
const decompress = (bytes: Buffer, length: number) =>
  Effect.callback<string, Error>((resume) =>
    zstdDecompress(bytes, { maxOutputLength: Math.max(1, length) }, (error, text) =>
      resume(error === null ? Effect.succeed(text.toString("utf8")) : Effect.fail(error))
    )
  )

/** Cuts a page out of a stream of entries that begins somewhere before it. */
class Pager {
  readonly #entries: Array<TranscriptEntry> = []
  #next: number
  #left: number

  constructor(from: number, limit: number) {
    this.#next = from
    this.#left = limit
  }

  get full(): boolean {
    return this.#left <= 0
  }

  get page(): TranscriptPage {
    return { entries: this.#entries, next: this.#next }
  }

  take(entry: TranscriptEntry, end: number): void {
    if (entry.kind === "resize") {
      // Before `from` it is behind us, and beyond a full page it is the next one's.
      if (entry.offset === this.#next && (!this.full || entry.offset === end)) this.#entries.push(entry)
    } else if (this.full) {
      return
    } else if (entry.kind === "gap") {
      if (entry.to > this.#next) this.#entries.push({ ...entry, from: Math.max(entry.from, this.#next) })
      this.#next = Math.max(this.#next, entry.to)
    } else {
      const start = Math.max(0, this.#next - entry.offset)
      const bytes = entry.bytes.subarray(start, start + this.#left)
      if (bytes.length === 0) return
      this.#entries.push({ ...entry, offset: entry.offset + start, bytes })
      this.#next += bytes.length
      this.#left -= bytes.length
    }
  }
}
