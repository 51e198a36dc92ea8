/**
 * How the units of sessions end: as they recorded it themselves, or as their service manager remembers it.
 */
import { Effect, Schedule } from "effect"
import type { PtyMaster } from "../../host/pty/PtyMaster.ts"
import { END_PROPERTIES, ExitRecords, endOf, UNKNOWN_END } from "../../host/service/ExitRecords.ts"
import { ServiceManager } from "../../host/service/ServiceManager.ts"
import type { Ended } from "./Launcher.ts"
import { EVERY_UNIT, unitOf } from "./SessionUnit.ts"

/** Milliseconds after a terminal's end in which the record of its program's end should come. */
const RECORD_MS = 500

/** How often units that vanished are looked for. */
const SWEEP = Schedule.spaced("10 seconds")

export const unitEnds = Effect.gen(function* () {
  const exits = yield* ExitRecords
  const manager = yield* ServiceManager

  const ended = (session: string): Effect.Effect<Ended> => exits.await(session)

  const failure = (unit: string) => Effect.map(manager.show(unit, END_PROPERTIES), endOf)

  // A unit whose last command could not run, or was killed too, leaves no record: nobody must wait for it for ever.
  const sweep = Effect.gen(function* () {
    const waiting = exits.waiting()
    if (waiting.length === 0) return
    const states = yield* manager.states(EVERY_UNIT)
    for (const session of waiting) {
      const state = states.get(unitOf(session))
      const end = state === undefined ? UNKNOWN_END : state === "failed" ? yield* failure(unitOf(session)) : null
      if (end !== null) exits.conclude(session, end)
    }
  })
  yield* Effect.forkScoped(Effect.repeat(Effect.ignore(sweep), SWEEP))

  const scope = yield* Effect.scope
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  /** When the last process has left a terminal, a record of the end is due. */
  const watched = (master: PtyMaster): PtyMaster => ({
    ...master,
    start: (onData, onEnd) =>
      master.start(onData, () => {
        onEnd()
        fork(Effect.forkIn(Effect.delay(Effect.ignore(sweep), RECORD_MS), scope))
      })
  })

  /** How it ended; null when nothing is left that tells. */
  const known = (session: string) =>
    Effect.suspend(() => {
      const recorded = exits.read(session)
      return recorded !== null ? Effect.succeed(recorded) : Effect.orElseSucceed(failure(unitOf(session)), () => null)
    })

  const forget = Effect.fnUntraced(function* (session: string) {
    // A unit that succeeded goes by itself.
    if (exits.read(session)?.result !== "success") yield* manager.forget(unitOf(session))
    yield* exits.forget(session)
  })

  return { ended, known, watched, forget, command: exits.command }
})
