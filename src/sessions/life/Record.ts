/**
 * Records what has happened already and cannot be taken back: again and again until the store takes it, or the daemon has to leave.
 */
import { Context, Effect, Schedule } from "effect"
import type { EventBody } from "../../contract/Event.ts"
import { about } from "../../contract/Log.ts"
import { EventLog } from "../../store/EventLog.ts"

/** A full disk is looked at again this often. */
const RETRY = Schedule.spaced("1 second")

/** A daemon that leaves tries for so long: the next one finds out by itself what became of the session. */
const LAST_TRIES = "3 seconds"

/** Completes when the daemon leaves. */
export const Leaving = Context.Reference<Effect.Effect<void>>("agentd/sessions/Record/Leaving", {
  defaultValue: () => Effect.never
})

/** Interrupts whoever records when the daemon leaves before the store has taken it. */
export const record = Effect.fnUntraced(function* (body: EventBody) {
  const log = yield* EventLog
  const leaving = yield* Leaving
  const giveUp = Effect.andThen(
    Effect.andThen(leaving, Effect.sleep(LAST_TRIES)),
    Effect.logError(`${body.type} is not recorded: the daemon leaves, and the store cannot be written`).pipe(
      Effect.annotateLogs(about("store.refused")),
      Effect.andThen(Effect.interrupt)
    )
  )
  const recorded = log.append(body).pipe(
    Effect.tapError((error) =>
      Effect.logWarning(`cannot record ${body.type} yet: ${error.message}`).pipe(
        Effect.annotateLogs(about("store.refused"))
      )
    ),
    Effect.retry(RETRY),
    Effect.orDie
  )
  return yield* Effect.raceFirst(recorded, giveUp)
})
