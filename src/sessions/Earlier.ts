/**
 * What a resumed session continues: the screens of those before it, for whoever looks above its first line.
 */
import { DateTime, Effect, Option } from "effect"
import { describeExit } from "./launching/Exits.ts"
import type { Entry } from "./life/LiveSessions.ts"
import { type SessionRecord, SessionStore } from "./SessionStore.ts"
import type { Earlier, ScreenSource } from "./screen/ScreenSource.ts"
import { Recordings } from "./transcript/Recordings.ts"
import type { TranscriptReader } from "./transcript/Transcript.ts"

/** Sessions looked back through. An emulator keeps 1,000 lines, and feeding each of them takes time. */
const MAX_EARLIER = 4

/** What a session's screen is made from, with what it continues. */
export const screenSource = Effect.fnUntraced(function* (
  record: SessionRecord,
  reader: TranscriptReader,
  entry: Entry | undefined
) {
  const store = yield* SessionStore
  const recordings = yield* Recordings
  const { cols, rows } = entry?.live ?? record

  const before = ({ resumedFrom }: SessionRecord, left: number): Effect.Effect<Earlier | null> =>
    Effect.gen(function* () {
      if (resumedFrom === null || left === 0) return null
      const found = Option.getOrUndefined(yield* store.get(resumedFrom))
      if (found === undefined) return null
      return { source: source(found, yield* recordings.read(found.id), found, left - 1), note: noteOf(found) }
      // What cannot be read any more is not shown.
    }).pipe(Effect.orElseSucceed(() => null))

  const source = (
    of: SessionRecord,
    reader: TranscriptReader,
    size: { readonly cols: number; readonly rows: number },
    left: number
  ): ScreenSource => ({ id: of.id, cols: size.cols, rows: size.rows, reader, earlier: before(of, left) })

  return source(record, reader, { cols, rows }, MAX_EARLIER)
})

const noteOf = ({ exit, name }: SessionRecord): string => {
  const at = exit === null ? "" : `, ${DateTime.formatIso(DateTime.makeUnsafe(exit.at))}`
  return `── ${name} until it was resumed: ${describeExit(exit)}${at} ──`
}
