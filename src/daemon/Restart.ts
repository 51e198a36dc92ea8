/**
 * Restart in place: this process becomes the program that the package now has (execve(2)), with its children, its terminals, its
 * socket and its clients. Until the system call everything can be taken back, and whatever speaks against it is found before.
 *
 *   check the next version ─▶ requests settle ─▶ output stays with the kernel, transcripts flush ─▶ record ─▶ execve
 */
import { Clock, Deferred, Effect, Queue } from "effect"
import { Settings } from "../config/Settings.ts"
import { Conflict, NotSupported } from "../contract/errors/Errors.ts"
import { HANDOVER_FORMATS } from "../contract/Handover.ts"
import { UnixSocket } from "../doors/UnixSocket.ts"
import { Subscriptions } from "../events/Subscriptions.ts"
import { Directories } from "../host/files/Directories.ts"
import { FileLock } from "../host/files/FileLock.ts"
import { Pty } from "../host/pty/Pty.ts"
import { Handover, type HandoverRefused } from "../host/self/Handover.ts"
import { Self } from "../host/self/Self.ts"
import { clientsMade } from "../sessions/attaching/Attach.ts"
import { Launcher } from "../sessions/launching/Launcher.ts"
import { type Entry, LiveSessions } from "../sessions/life/LiveSessions.ts"
import { Supervisor } from "../sessions/life/Supervisor.ts"
import { Lifecycle } from "./Lifecycle.ts"

/** Milliseconds between two looks whether everything has settled. */
const LOOK_MS = 5

/** Who asks is heard one after the other; whoever asks while a restart is under way asks the next version. */
export const restarting = Effect.gen(function* () {
  const { draining, restarts } = yield* Lifecycle
  for (;;) {
    const refused = yield* Queue.take(restarts)
    if (draining()) continue
    const reason = yield* Effect.flip(restart()).pipe(
      Effect.map((error) => (error._tag === "NotSupported" ? error : new Conflict({ reason: error.message }))),
      Effect.catchCause((cause) =>
        Effect.as(Effect.logError("restart failed", cause), new Conflict({ reason: "The daemon's log says why." }))
      )
    )
    yield* Effect.logError(`not restarted: ${reason.message}`)
    yield* Deferred.fail(refused, reason)
  }
})

/** Returns only with a reason why not; nothing has changed then. */
const restart = Effect.fn("Daemon.restart")(function* () {
  if ((yield* Launcher).kind === "systemd") {
    return yield* new Conflict({
      reason: 'systemd runs this daemon and keeps its sessions: "systemctl --user restart agentd.service" restarts it.'
    })
  }
  const handover = yield* Handover
  if (!handover.possible) return yield* new NotSupported({ what: "becoming another version in place" })
  const program = yield* handover.program
  const { command, version } = yield* handover.check(program)
  yield* Effect.logInfo(`becoming agentd ${version} (${program})`)
  yield* archived
  return yield* Effect.ensuring(
    Effect.andThen(
      freeze,
      Effect.suspend(() => become(command))
    ),
    thaw
  )
})

/** The next version begins anew what is cut off here, before it serves anybody: what is nearly done is waited for. */
const archived = Effect.gen(function* () {
  const { archiving } = yield* Supervisor
  const { drain } = (yield* (yield* Settings).current).daemon
  const end = (yield* Clock.currentTimeMillis) + drain
  while (archiving() && (yield* Clock.currentTimeMillis) < end) yield* Effect.sleep(LOOK_MS)
})

const freeze = Effect.gen(function* () {
  const door = yield* UnixSocket
  const sessions = yield* LiveSessions
  const pty = yield* Pty
  const { drain } = (yield* (yield* Settings).current).daemon
  pty.holdEnds(true)
  door.freeze(true)
  const end = (yield* Clock.currentTimeMillis) + drain
  for (;;) {
    const busy = standing(door.unsettled(), [...sessions.entries.values()])
    if (busy === null) break
    if ((yield* Clock.currentTimeMillis) > end) return yield* new Conflict({ reason: busy })
    yield* Effect.sleep(LOOK_MS)
  }
  const entries = [...sessions.entries.values()]
  for (const { live } of entries) live.freeze(true)
  yield* Effect.forEach(entries, ({ recording }) => recording.writer.flush, { concurrency: "unbounded", discard: true })
})

/** What cannot be handed over as it is now; null: nothing. */
const standing = (requests: number, entries: ReadonlyArray<Pick<Entry, "live" | "record">>): string | null => {
  if (requests > 0) return `${requests} requests are still being answered. Try again.`
  const leaving = entries.filter(({ live }) => live.leaving).map(({ record }) => record.name)
  return leaving.length === 0 ? null : `The end of ${leaving.join(", ")} is still being recorded. Try again.`
}

const thaw = Effect.gen(function* () {
  for (const { live } of (yield* LiveSessions).entries.values()) live.freeze(false)
  ;(yield* UnixSocket).freeze(false)
  ;(yield* Pty).holdEnds(false)
})

/** From the first look to the system call nothing else runs. */
const become = Effect.fnUntraced(function* (command: ReadonlyArray<string>) {
  const door = yield* UnixSocket
  const sessions = yield* LiveSessions
  const handover = yield* Handover
  const { lock } = yield* Directories
  const locked = (yield* FileLock).descriptor(lock)
  const { version } = yield* Self
  const subscriptions = (yield* Subscriptions).made()
  return yield* Effect.suspend((): Effect.Effect<never, Conflict | HandoverRefused> => {
    const entries = [...sessions.entries.values()]
    const busy = standing(door.unsettled(), entries)
    if (busy !== null || locked === null) return Effect.fail(new Conflict({ reason: busy ?? "The lock is lost." }))
    const handed = entries.map(({ live, recording: { writer }, state }) => {
      const complete = writer.healthy && writer.unrecorded === 0
      const session = live.handOver(complete ? writer.flushed : live.start, writer.unrecorded)
      return session === null ? null : { ...session, state: state.kept }
    })
    if (handed.some((session) => session === null)) {
      return Effect.fail(new Conflict({ reason: "A session is just ending. Try again." }))
    }
    return handover.become(command, {
      format: HANDOVER_FORMATS.last,
      version,
      lock: locked,
      ...door.handOver(),
      sessions: handed.filter((session) => session !== null),
      clients: clientsMade(),
      subscriptions,
      last: sessions.last
    })
  })
})
