/**
 * Takes over a session whose program outlived the daemon that started it: same terminal, same transcript, no byte twice and none
 * left out.
 */
import { Clock, Effect, Exit, Scope } from "effect"
import { RING_BYTES } from "../contract/Limits.ts"
import { about } from "../contract/Log.ts"
import { enliven, holding, keepMemory } from "./Enliven.ts"
import { Launcher } from "./Launcher.ts"
import { LiveSessions } from "./LiveSessions.ts"
import { record } from "./Record.ts"
import { Recordings } from "./Recordings.ts"
import type { SessionRecord } from "./SessionStore.ts"
import { Supervisor } from "./Supervisor.ts"

/** False when nothing of it could be taken over. */
export const adopt = Effect.fn("Sessions.adopt")(function* (session: SessionRecord) {
  const { id, name } = session
  const launcher = yield* Launcher
  const scope = yield* Scope.make()
  const adopted = yield* Effect.gen(function* () {
    const memory = yield* keepMemory(id)
    const launched = yield* launcher.adopt(id, memory.slot, session.pid)
    if (launched === null) return null
    // Before anything is read from the terminal: the slot may hold what the last daemon had read and not handled.
    const remembered = memory.restore()
    const hold = holding()
    const { at, ...recording } = yield* (yield* Recordings).resume(session, remembered, hold.onPressure)
    const ring = remembered !== null && remembered.end >= at.offset ? remembered : memory.fresh(at.offset)
    const missed = ring.read(Math.max(at.offset, ring.start), RING_BYTES)
    if (missed.length > 0) recording.writer.append(missed, yield* Clock.currentTimeMillis)
    const { pid, startTime } = launched
    const current = { ...session, status: "running" as const, pid, startTime, cols: at.cols, rows: at.rows }
    const entry = yield* enliven(current, scope, {
      launched,
      recording,
      ring,
      stdin: null,
      hold,
      typists: memory.typists
    })
    return { entry, offset: ring.end }
  }).pipe(
    Scope.provide(scope),
    Effect.catchCause((cause) =>
      Effect.as(
        Effect.logError(`session ${name} could not be taken over`, cause).pipe(
          Effect.annotateLogs(about("session.lost", { "agentd.session.id": id, "agentd.session.name": name }))
        ),
        null
      )
    )
  )
  if (adopted === null) {
    yield* Scope.close(scope, Exit.void)
    return false
  }
  ;(yield* LiveSessions).claim(name, id)
  yield* record({ type: "session.adopted", session: id, offset: adopted.offset })
  yield* (yield* Supervisor).watch(adopted.entry, "adopted")
  return true
})
