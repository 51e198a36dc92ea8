/**
 * Turns the transcript of a session that has ended into one compressed asciicast file, in bounded memory. At every
 * moment either the directory or the file is complete: the file gets its name last, and only then the directory goes.
 */
import * as fs from "node:fs/promises"
import { constants as os } from "node:os"
import { dirname } from "node:path"
import { constants as zlib, zstdCompress } from "node:zlib"
import { Effect } from "effect"
import { TranscriptUnavailable } from "../../contract/errors/Errors.ts"
import type { SessionExit } from "../../contract/session/Session.ts"
import { openArchive } from "./ArchiveReader.ts"
import { CastWriter, castHeader } from "./Asciicast.ts"
import { FILE_MODE } from "./Layout.ts"
import { openLive } from "./LiveReader.ts"
import { type ArchiveFrame, encodeSeekTable } from "./SeekTable.ts"
import type { TranscriptReader } from "./Transcript.ts"

export { openArchive } from "./ArchiveReader.ts"

/** Bytes of output in one frame: what reading a single byte costs, against what compression gains. */
const FRAME_BYTES = 1024 * 1024
/** Bytes turned into text between two turns of the event loop. */
const PAGE_BYTES = 64 * 1024

export interface ArchiveOptions {
  /** A live transcript's directory: repaired, and without a writer. */
  readonly directory: string
  /** The archive's path. */
  readonly file: string
  readonly exit?: SessionExit | null | undefined
  /** The session's last offset, if it is known: what was never recorded up to there is told as a gap. */
  readonly end?: number | undefined
}

export interface Archived {
  readonly file: string
  /** Bytes of the file. */
  readonly bytes: number
  /** Offset after the last byte. */
  readonly end: number
}

export const archive = Effect.fn("Transcript.archive")(function* (options: ArchiveOptions) {
  const { directory, file } = options
  const reader = yield* openLive(directory)
  const attempt = attempting(reader.header.session)
  if (yield* isComplete(file)) {
    // The daemon was killed between the last two steps.
    yield* attempt(() => fs.rm(directory, { recursive: true, force: true }))
    return yield* describe(file, attempt)
  }
  const temporary = `${file}.tmp`
  yield* Effect.acquireUseRelease(
    attempt(() => fs.open(temporary, "w", FILE_MODE)),
    (handle) =>
      Effect.andThen(
        writeFrames(reader, handle, options, attempt),
        attempt(() => handle.sync())
      ),
    (handle) => Effect.ignore(attempt(() => handle.close()))
  ).pipe(Effect.onError(() => Effect.ignore(attempt(() => fs.rm(temporary, { force: true })))))
  yield* attempt(() => fs.rename(temporary, file))
  yield* attempt(() => syncDirectory(dirname(file)))
  yield* attempt(() => fs.rm(directory, { recursive: true, force: true }))
  return yield* describe(file, attempt)
})

type Attempt = ReturnType<typeof attempting>
const attempting =
  (session: string) =>
  <A>(run: () => Promise<A>) =>
    Effect.tryPromise({
      try: run,
      catch: (cause) =>
        new TranscriptUnavailable({ session, reason: cause instanceof Error ? cause.message : `${cause}` })
    })

const isComplete = (file: string) => Effect.match(openArchive(file), { onSuccess: () => true, onFailure: () => false })

const describe = Effect.fnUntraced(function* (file: string, attempt: Attempt) {
  const { size } = yield* attempt(() => fs.stat(file))
  const archived: Archived = { file, bytes: size, end: yield* (yield* openArchive(file)).end }
  return archived
})

const syncDirectory = async (path: string) => {
  const handle = await fs.open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Compression runs on the thread pool; the checksum makes damage an error instead of other text. */
const compress = (text: Buffer) =>
  Effect.callback<Buffer>((resume) =>
    zstdCompress(text, { params: { [zlib.ZSTD_c_checksumFlag]: 1 } }, (error, bytes) =>
      resume(error === null ? Effect.succeed(bytes) : Effect.die(error))
    )
  )

/** 128 and the signal's number for a killed program, as in a shell; null when nobody saw the end. */
const exitStatus = ({ code, signal }: SessionExit): number | null => {
  const number = Object.entries(os.signals).find(([name]) => name === signal)?.[1]
  return code ?? (number === undefined ? null : 128 + number)
}

const writeFrames = Effect.fnUntraced(function* (
  reader: TranscriptReader,
  handle: fs.FileHandle,
  options: ArchiveOptions,
  attempt: Attempt
) {
  const { header } = reader
  const frames: Array<ArchiveFrame> = []
  const cast = new CastWriter({ at: header.createdAt, offset: 0, cols: header.cols, rows: header.rows })
  let start = cast.position
  let lines = [castHeader(header)]
  let position = 0

  const endFrame = Effect.gen(function* () {
    const text = Buffer.from(lines.join(""))
    const bytes = yield* compress(text)
    yield* attempt(() => handle.writeFile(bytes))
    frames.push({ position, bytes: bytes.length, text: text.length, ...start })
    position += bytes.length
    start = cast.position
    lines = []
  })

  const recorded = yield* reader.end
  let at = header.createdAt
  let next = 0
  do {
    const page = yield* reader.entries(next, PAGE_BYTES)
    for (const entry of page.entries) {
      at = entry.at
      lines.push(cast.push(entry))
      // Right after output, so that a resize begins the frame with the byte it counts for.
      if (entry.kind === "output" && cast.position.offset - start.offset >= FRAME_BYTES) yield* endFrame
    }
    if (page.next === next) break
    next = page.next
    yield* Effect.yieldNow
  } while (next < recorded)
  const end = Math.max(next, options.end ?? 0)
  if (end > next) lines.push(cast.push({ kind: "gap", from: next, to: end, at }))
  const status = options.exit == null ? null : exitStatus(options.exit)
  lines.push(status === null ? cast.end(at) : cast.exit(status, options.exit?.at ?? at))
  yield* endFrame
  yield* attempt(() => handle.writeFile(encodeSeekTable({ version: 1, header, end, frames })))
})
