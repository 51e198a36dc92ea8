/**
 * Records what has happened already and cannot be taken back: again and again until the store takes it.
 */
import { Effect, Schedule } from "effect"
import type { EventBody } from "../contract/Event.ts"
import { about } from "../contract/Log.ts"
import { EventLog } from "../store/EventLog.ts"

/** A full disk is looked at again this often. */
const RETRY = Schedule.spaced("1 second")

export const record = Effect.fnUntraced(function* (body: EventBody) {
  const log = yield* EventLog
  return yield* log.append(body).pipe(
    Effect.tapError((error) =>
      Effect.logWarning(`cannot record ${body.type} yet: ${error.message}`).pipe(
        Effect.annotateLogs(about("store.refused"))
      )
    ),
    Effect.retry(RETRY),
    Effect.orDie
  )
})
