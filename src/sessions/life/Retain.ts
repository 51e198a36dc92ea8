/**
 * Removes what is older, or takes more room, than the configuration allows; now and then.
 */
import { Clock, Effect, Schedule } from "effect"
import { Settings } from "../../config/Settings.ts"
import { about } from "../../contract/Log.ts"
import { SessionStore } from "../SessionStore.ts"
import { Screens } from "../screen/Screens.ts"
import { Recordings } from "../transcript/Recordings.ts"
import { planRetention } from "../transcript/Retention.ts"
import { record } from "./Record.ts"

/** Old sessions do no harm for another few minutes. */
const EVERY = Schedule.spaced("10 minutes")

export const retain = Effect.fn("Sessions.retain")(function* () {
  const { transcript } = yield* (yield* Settings).current
  const store = yield* SessionStore
  // What a living session continues is part of it.
  const continued = yield* store.continued
  const candidates = (yield* store.ended).flatMap(({ id, exit, transcriptBytes }) =>
    exit === null || continued.has(id) ? [] : [{ id, endedAt: exit.at, bytes: transcriptBytes }]
  )
  const limits = { maxAgeMs: transcript.keep_for, maxBytes: transcript.keep_bytes }
  for (const id of planRetention(candidates, yield* Clock.currentTimeMillis, limits)) yield* forget(id, "retention")
})

/** Deletes an ended session: first its files, so that a crash in between leaves a session without a transcript, not the reverse. */
export const forget = Effect.fnUntraced(function* (session: string, by: "request" | "retention") {
  yield* (yield* Recordings).remove(session)
  yield* (yield* Screens).forget(session)
  yield* record({ type: "session.removed", session, by })
})

/** For ever, in the background. */
export const retaining = Effect.repeat(
  Effect.catchCause(retain(), (cause) =>
    Effect.logError("retention failed", cause).pipe(Effect.annotateLogs(about("retention.failed")))
  ),
  EVERY
)
