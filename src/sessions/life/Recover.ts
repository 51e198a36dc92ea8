/**
 * After a daemon that ended without warning: what became of its sessions, their transcripts, and files nobody knows.
 */
import { Clock, Effect, Option } from "effect"
import { MAX_EVENTS } from "../../contract/Limits.ts"
import { about } from "../../contract/Log.ts"
import type { SessionExit } from "../../contract/session/Session.ts"
import { Boot } from "../../host/Boot.ts"
import { Directories } from "../../host/files/Directories.ts"
import { InputPipes } from "../../host/pty/InputPipe.ts"
import { Handover } from "../../host/self/Handover.ts"
import { EventLog } from "../../store/EventLog.ts"
import { Launcher } from "../launching/Launcher.ts"
import { type SessionRecord, SessionStore } from "../SessionStore.ts"
import { Recordings } from "../transcript/Recordings.ts"
import { adopt } from "./Adopt.ts"
import { forgetMemory } from "./Enliven.ts"
import { archiveSession } from "./Supervisor.ts"

/** Sessions taken over at the same time, so that their events share a commit. */
const AT_ONCE = 64

/** Sessions that outlived it are taken over; of the others, what they printed is kept. */
export const recover = Effect.fn("Sessions.recover")(function* () {
  const store = yield* SessionStore
  const recordings = yield* Recordings
  const handover = yield* Handover
  const pipes = handover.received?.sessions.flatMap(({ stdin }) => stdin?.path ?? [])
  yield* (yield* InputPipes).clear((yield* Directories).runtime, pipes)
  // From here on the sessions are this version's.
  yield* handover.done
  const launcher = yield* Launcher
  const live = yield* store.live
  yield* Effect.forEach(
    live,
    Effect.fnUntraced(function* (session) {
      if (yield* adopt(session)) return
      yield* interrupted(session)
      yield* forgetMemory(session.id)
    }),
    { concurrency: AT_ONCE, discard: true }
  )
  yield* launcher.retain(live.map(({ id }) => id))
  for (const id of yield* recordings.kept) {
    const known = yield* store.get(id)
    if (Option.isSome(known)) {
      if (!known.value.archived && known.value.exit !== null)
        yield* archiveSession(id, known.value.exit, known.value.offset)
    } else if (yield* wasRemoved(id)) yield* recordings.remove(id)
    else
      yield* Effect.logWarning(`${recordings.directory(id)} is kept, though no session of that id is known here`).pipe(
        Effect.annotateLogs(about("transcript.unknown", { "agentd.session.id": id }))
      )
  }
})

/**
 * A transcript without a session may belong to one that was removed while its file was being written. But whoever has put an
 * older copy of the database back must not lose what was recorded since: only what the log says was removed goes.
 */
const wasRemoved = Effect.fnUntraced(function* (session: string) {
  const log = yield* EventLog
  for (let after = 0; ; ) {
    const { events, last, next } = yield* log.read({ after, limit: MAX_EVENTS, session })
    if (events.some(({ body }) => body.type === "session.removed")) return true
    if (events.length === 0 || next >= last) return false
    after = next
  }
})

/** Records the end nobody saw. */
export const interrupted = Effect.fnUntraced(function* (session: SessionRecord) {
  const { id } = session
  const by = causeOf(session, (yield* Boot).id)
  const log = yield* EventLog
  const reader = yield* (yield* Recordings).read(id).pipe(Effect.option)
  const offset = Option.isNone(reader) ? 0 : yield* Effect.orElseSucceed(reader.value.end, () => 0)
  const exit: SessionExit = {
    code: null,
    signal: null,
    by,
    took: null,
    at: yield* Clock.currentTimeMillis
  }
  yield* log.append({ type: "session.ended", session: id, status: "interrupted", exit, offset, unrecorded: 0 })
})

/** The machine has booted since, or only the daemon, or its service manager, has gone. */
const causeOf = ({ boot }: SessionRecord, now: string | null): "lost" | "reboot" =>
  boot !== null && now !== null && boot !== now ? "reboot" : "lost"
