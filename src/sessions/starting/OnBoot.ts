/**
 * Sessions that are to be started again after an interruption (`restart = "on-boot"`), each once, by the daemon that finds them so.
 */
import { Clock, Effect, Option } from "effect"
import { settleMark } from "../life/OnBootMark.ts"
import { type SessionRecord, SessionStore } from "../SessionStore.ts"
import { resume } from "./Resume.ts"

/** A session that takes the machine or the daemon down each time it is started must not do so for ever: … */
const OFTEN = 3
/** … so often in so many milliseconds is enough, and then somebody has to look at it. */
const OFTEN_MS = 10 * 60_000

/** `starts`: when the session and those it continues were started, in milliseconds. */
export const tooOften = (starts: ReadonlyArray<number>, now: number): boolean =>
  starts.filter((at) => now - at < OFTEN_MS).length >= OFTEN

/** One after the other: a machine that has just booted has enough to do. A session that cannot be started keeps no other from it. */
export const resumeOnBoot = Effect.gen(function* () {
  const waiting = yield* (yield* SessionStore).toResume
  for (const session of waiting) yield* one(session)
  yield* settleMark
}).pipe(Effect.catchCause((cause) => Effect.logError("sessions are not started again", cause)))

const one = Effect.fnUntraced(function* (record: SessionRecord) {
  const { id, name } = record
  const byHand = `"agentctl resume ${id}" starts it`
  if (tooOften(yield* starts(record), yield* Clock.currentTimeMillis)) {
    return yield* Effect.logWarning(`session ${name} (${id}) was interrupted too often in a short time: ${byHand}`)
  }
  yield* Effect.matchEffect(resume({ session: id, once: true }, null), {
    onSuccess: (session) => Effect.logInfo(`session ${name} (${id}) goes on as ${session.name} (${session.id})`),
    onFailure: (error) =>
      error._tag === "AlreadyResumed"
        ? Effect.void
        : Effect.logWarning(`session ${name} (${id}) is not started again: ${error.message} Later, ${byHand}.`)
  })
})

const starts = Effect.fnUntraced(function* (record: SessionRecord) {
  const store = yield* SessionStore
  const found = [record.createdAt]
  for (let from = record.resumedFrom; from !== null && found.length < OFTEN; ) {
    const before = Option.getOrUndefined(yield* store.get(from))
    if (before !== undefined) found.push(before.createdAt)
    from = before?.resumedFrom ?? null
  }
  return found
})
