/**
 * A session's output for those who attach to it: of one that lives from its memory and its recording, of one that has ended from its recording.
 */
import { Effect } from "effect"
import type { Feed } from "../attachment/Feed.ts"
import { screenSource } from "../Earlier.ts"
import type { Entry } from "../life/LiveSessions.ts"
import type { SessionRecord, SessionStore } from "../SessionStore.ts"
import type { ScreenSource } from "../screen/ScreenSource.ts"
import { Screens } from "../screen/Screens.ts"
import { Recordings } from "../transcript/Recordings.ts"
import type { TranscriptReader } from "../transcript/Transcript.ts"

const screenOf = (
  source: Effect.Effect<ScreenSource>,
  screens: Screens["Service"]
): Pick<Feed, "redraw" | "redrawAt"> => ({
  redraw: Effect.flatMap(source, (it) => screens.redraw(it)),
  redrawAt: (offset) => Effect.flatMap(source, (it) => screens.redrawAt(it, offset))
})

export const liveFeed = Effect.fnUntraced(function* (entry: Entry) {
  const { live, recording } = entry
  const screens = yield* Screens
  const context = yield* Effect.context<Recordings | SessionStore>()
  const source = Effect.suspend(() => screenSource(entry.record, recording.reader, entry)).pipe(Effect.provide(context))
  const feed: Feed = {
    get start() {
      return live.start
    },
    get end() {
      return live.end
    },
    get exit() {
      return live.finished ? live.exit : null
    },
    recent: (offset, limit) => live.recent(offset, limit),
    recorded: recording.reader.read,
    ...screenOf(source, screens)
  }
  return { feed, source }
})

/** A session that has ended is read from its transcript; without one there is only its end to tell. */
export const endedFeed = Effect.fnUntraced(function* (record: SessionRecord) {
  const screens = yield* Screens
  const { exit, id, offset } = record
  const reader: TranscriptReader = yield* (yield* Recordings).read(id)
  const context = yield* Effect.context<Recordings | SessionStore>()
  const source = Effect.provide(screenSource(record, reader, undefined), context)
  const feed: Feed = {
    start: offset,
    end: offset,
    exit: exit ?? { code: null, signal: null, by: "lost", took: null, at: record.activeAt },
    recent: () => [Buffer.alloc(0), Buffer.alloc(0)],
    recorded: reader.read,
    ...screenOf(source, screens)
  }
  return { feed, source }
})
