/**
 * Makes a session live in this daemon, whether its program has just been started or was found again: terminal, ring and recording
 * come together and are known from then on.
 */
import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Clock, Deferred, Effect, Scope } from "effect"
import { Directories } from "../../host/files/Directories.ts"
import type { InputPipe } from "../../host/pty/InputPipe.ts"
import type { Typists } from "../input/Typists.ts"
import type { Launched } from "../launching/Launcher.ts"
import { LiveSession } from "../running/LiveSession.ts"
import { forgetRefreshed } from "../running/Refreshed.ts"
import type { Ring } from "../running/Ring.ts"
import { openMemory } from "../running/SessionMemory.ts"
import type { SessionRecord } from "../SessionStore.ts"
import type { Keeping } from "../state/Keep.ts"
import { States } from "../state/States.ts"
import type { Recording } from "../transcript/Recordings.ts"
import { type Entry, LiveSessions } from "./LiveSessions.ts"

/** Carries a recording's pressure to a session that is made after it. */
export interface Holding {
  readonly onPressure: (hold: boolean) => void
  readonly to: (session: LiveSession) => void
}

export const holding = (): Holding => {
  const live = Deferred.makeUnsafe<LiveSession>()
  return {
    onPressure: (hold) => void Effect.runFork(Effect.map(Deferred.await(live), (session) => session.hold(hold))),
    to: (session) => void Deferred.doneUnsafe(live, Effect.succeed(session))
  }
}

export interface Parts {
  readonly launched: Launched
  readonly recording: Recording
  readonly ring: Ring
  readonly stdin: InputPipe | null
  readonly hold: Holding
  readonly typists: Typists
  readonly keeping: Keeping
}

/** `adopted`: its program was started under another daemon. */
export const enliven = Effect.fnUntraced(function* (
  record: SessionRecord,
  scope: Scope.Closeable,
  parts: Parts,
  adopted = false
) {
  const { hold, keeping, launched, recording, ring, stdin, typists } = parts
  const clock = yield* Clock.Clock
  const live = new LiveSession({
    id: record.id,
    launched,
    recorder: recording.writer,
    ring,
    stdin,
    typists,
    cols: record.cols,
    rows: record.rows,
    deadline: record.limits.timeoutMs === undefined ? null : record.createdAt + record.limits.timeoutMs,
    now: () => clock.currentTimeMillisUnsafe()
  })
  hold.to(live)
  const state = yield* Scope.provide((yield* States).follow(record, live, adopted, keeping), scope)
  live.input.onTyped = state.typed
  const entry: Entry = { record, live, recording, state, scope }
  yield* (yield* LiveSessions).add(entry)
  return entry
})

/** The file of a session's memory. It lies with the state, where there is more room than on the runtime file system. */
const memoryPath = Effect.map(Directories, ({ state }) => {
  const directory = join(state, "live")
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return (session: string) => join(directory, session)
})

/** Memory that outlives this daemon, let go of with the scope; the file stays until `forgetMemory`. */
export const keepMemory = Effect.fnUntraced(function* (session: string) {
  const path = (yield* memoryPath)(session)
  return yield* Effect.acquireRelease(
    Effect.sync(() => openMemory(path)),
    // Unmapped only with the process: a read that is under way may still land in it.
    () => Effect.void
  )
})

/** Lets go of the files that a session has only while it lives. */
export const forgetMemory = Effect.fnUntraced(function* (session: string) {
  const path = (yield* memoryPath)(session)
  const { runtime } = yield* Directories
  yield* Effect.sync(() => {
    rmSync(path, { force: true })
    forgetRefreshed(runtime, session)
  })
})
