/**
 * Reads a session's transcript while it is recorded and after it has become an archive: whoever began to read during the
 * session's life must get every byte of it, however slow.
 */
import { Effect } from "effect"
import type { TranscriptUnavailable } from "../../contract/errors/Errors.ts"
import type { TranscriptRead, TranscriptReader } from "./Transcript.ts"

/**
 * `archived` opens the archive, or answers null while there is none. The archive is complete before the first file of the
 * live directory is removed, so a hole or failure that the removal makes is always seen after the archive is there.
 */
export const lastingReader = (
  live: TranscriptReader,
  archived: Effect.Effect<TranscriptReader | null, TranscriptUnavailable>
): TranscriptReader => {
  let opened: TranscriptReader | null = null
  const archive = Effect.suspend(() =>
    opened !== null ? Effect.succeed(opened) : Effect.map(archived, (found) => (opened = found))
  )
  const either = <A>(
    read: (reader: TranscriptReader) => Effect.Effect<A, TranscriptUnavailable>,
    suspicious: (answer: A) => boolean = () => false
  ): Effect.Effect<A, TranscriptUnavailable> =>
    Effect.gen(function* () {
      if (!live.live) {
        const closed = yield* archive
        if (closed !== null) return yield* read(closed)
      }
      const first = yield* Effect.result(read(live))
      if (first._tag === "Success" && (live.live || !suspicious(first.success))) return first.success
      const closed = yield* archive
      return closed !== null ? yield* read(closed) : yield* Effect.fromResult(first)
    })
  return {
    header: live.header,
    get live() {
      return live.live
    },
    end: either((reader) => reader.end),
    read: (from, limit) =>
      either(
        (reader) => reader.read(from, limit),
        ({ bytes, missing }: TranscriptRead) => missing > 0 || bytes.length === 0
      ),
    sizeAt: (offset) => either((reader) => reader.sizeAt(offset)),
    entries: (from, limit) =>
      either(
        (reader) => reader.entries(from, limit),
        ({ entries, next }) => next === from || entries.some(({ kind }) => kind === "gap")
      )
  }
}
