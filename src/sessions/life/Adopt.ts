/**
 * Takes over a session whose program outlived the daemon that started it: same terminal, same transcript, no byte twice and none
 * left out.
 */
import { Clock, Effect, Exit, Scope } from "effect"
import type { HandedSession } from "../../contract/Handover.ts"
import { RING_BYTES } from "../../contract/Limits.ts"
import { about } from "../../contract/Log.ts"
import { InputPipes } from "../../host/pty/InputPipe.ts"
import { Handover } from "../../host/self/Handover.ts"
import { Typists } from "../input/Typists.ts"
import { type Launched, Launcher } from "../launching/Launcher.ts"
import { Ring } from "../running/Ring.ts"
import type { SessionRecord } from "../SessionStore.ts"
import { keepingIn, keptState, notKept } from "../state/Keep.ts"
import { Recordings } from "../transcript/Recordings.ts"
import { enliven, holding, keepMemory } from "./Enliven.ts"
import { LiveSessions } from "./LiveSessions.ts"
import { record } from "./Record.ts"
import { Supervisor } from "./Supervisor.ts"

/** False when nothing of it could be taken over. */
export const adopt = Effect.fn("Sessions.adopt")(function* (session: SessionRecord) {
  const { id, name } = session
  const launcher = yield* Launcher
  const handed = (yield* Handover).received?.sessions.find((one) => one.id === id)
  if (!launcher.outlives && handed === undefined) return false
  const pipes = yield* InputPipes
  const scope = yield* Scope.make()
  let launched: Launched | null = null
  const adopted = yield* Effect.gen(function* () {
    const memory = launcher.outlives ? yield* keepMemory(id) : null
    launched = yield* launcher.adopt(id, memory?.slot ?? null, session.pid)
    if (launched === null) return null
    // Before anything is read from the terminal: the slot may hold what the last daemon had read and not handled.
    const remembered = memory?.restore() ?? (handed === undefined ? null : ringOf(handed))
    const hold = holding()
    const { at, ...recording } = yield* (yield* Recordings).resume(session, remembered, hold.onPressure)
    const fresh = (offset: number) => memory?.fresh(offset) ?? new Ring(RING_BYTES, offset)
    const ring = remembered !== null && remembered.end >= at.offset ? remembered : fresh(at.offset)
    const missed = ring.read(Math.max(at.offset, ring.start), RING_BYTES)
    if (missed.length > 0) recording.writer.append(missed, yield* Clock.currentTimeMillis)
    recording.writer.unrecorded += handed?.unrecorded ?? 0
    const pipe = handed?.stdin ?? null
    const stdin =
      pipe === null
        ? null
        : yield* Effect.acquireRelease(
            Effect.sync(() => pipes.adopt(pipe)),
            (open) => Effect.sync(open.close)
          )
    const { pid, startTime } = launched
    const { cols, rows } = handed ?? at
    const current = { ...session, status: "running" as const, pid, startTime, cols, rows }
    const typists = memory?.typists ?? (handed === undefined ? new Typists() : Typists.from(handed.typists.numbers))
    const keeping = memory === null ? { ...notKept, found: keptState(handed?.state) } : keepingIn(memory.notes)
    const entry = yield* enliven(current, scope, { launched, recording, ring, stdin, hold, typists, keeping }, true)
    if (handed !== undefined) entry.live.restore(handed)
    return { entry, offset: ring.end, over: launched.over === true }
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
    // Nobody would see or type into it any more: its program is to hear of that.
    if (!launcher.outlives) closeTerminal(launched)
    return false
  }
  const { agents, names } = yield* LiveSessions
  names.claim(name, id)
  if (session.agent !== null) agents.claim(session.agent.id, id)
  yield* record({ type: "session.adopted", session: id, offset: adopted.offset })
  const supervisor = yield* Supervisor
  yield* supervisor.watch(adopted.entry, "adopted")
  // Interrupted, it may be one to start again: that is on record, and its recording complete, before anybody looks.
  if (adopted.over) yield* supervisor.settled(id)
  if (handed?.ending != null) yield* supervisor.goOnEnding(adopted.entry, handed.ending)
  return true
})

const ringOf = ({ offset, recent }: HandedSession): Ring => {
  const ring = new Ring(RING_BYTES, offset)
  ring.push(Buffer.from(recent))
  return ring
}

const closeTerminal = (launched: Launched | null): void => launched?.master.close()
