/**
 * Looks after each session from its first byte to its archive: records what happens to it, and ends it when it must end.
 */
import { Clock, Context, Deferred, Effect, Exit, Fiber, FiberSet, Layer, References, Scope } from "effect"
import { Settings } from "../../config/Settings.ts"
import { about } from "../../contract/Log.ts"
import type { SessionExit } from "../../contract/session/Session.ts"
import type { Directories } from "../../host/files/Directories.ts"
import type { EventLog } from "../../store/EventLog.ts"
import { Launcher } from "../launching/Launcher.ts"
import type { Ending } from "../running/LiveSession.ts"
import type { SessionStore } from "../SessionStore.ts"
import { Recordings } from "../transcript/Recordings.ts"
import { forgetMemory } from "./Enliven.ts"
import { type Entry, LiveSessions } from "./LiveSessions.ts"
import { settleMark } from "./OnBootMark.ts"
import { Leaving, record } from "./Record.ts"

export class Supervisor extends Context.Service<
  Supervisor,
  {
    /** Follows a session that has just been started, or taken over, in the background, to its end. */
    readonly watch: (entry: Entry, how?: "started" | "adopted") => Effect.Effect<void>
    /** Goes on ending a session that an earlier version of the daemon had begun to end. */
    readonly goOnEnding: (entry: Entry, ending: Omit<Ending, "took">) => Effect.Effect<void>
    /** Ends a session's process tree and waits until that is recorded. */
    readonly end: (entry: Entry, by: SessionExit["by"], graceMs?: number) => Effect.Effect<SessionExit>
    /** Waits until nothing is written for a session that has ended any more. */
    readonly settled: (id: string) => Effect.Effect<void>
    /** A transcript is being archived. */
    readonly archiving: () => boolean
    /** Ends all of them, as the daemon stops. `interrupted`: not because anybody wanted them to end. */
    readonly endAll: (by: SessionExit["by"], interrupted?: boolean) => Effect.Effect<void>
  }
>()("agentd/sessions/Supervisor") {
  static readonly layer = Layer.effect(
    Supervisor,
    Effect.gen(function* () {
      const context = yield* Effect.context<
        LiveSessions | Launcher | Recordings | EventLog | SessionStore | Settings | Directories
      >()
      const fibers = yield* FiberSet.make()
      const following = new Map<string, Fiber.Fiber<void>>()
      const leaving = Deferred.makeUnsafe<void>()
      /** Sessions whose end could not be recorded before the daemon had to leave. */
      const abandoned = new Set<string>()
      const sessions = yield* LiveSessions
      const launcher = yield* Launcher
      const settings = yield* Settings

      const end = Effect.fn("Sessions.end")(function* (
        entry: Entry,
        by: SessionExit["by"],
        graceMs?: number,
        interrupted = false
      ) {
        const { live } = entry
        yield* Effect.annotateCurrentSpan({ "agentd.session.id": live.id, "agentd.exit.by": by })
        if (live.ending === null && live.exit === null) {
          const grace = graceMs ?? (yield* settings.current).session.grace
          yield* beginEnding(entry, { by, interrupted }, grace)
        }
        return yield* Deferred.await(live.done)
      })

      const beginEnding = Effect.fnUntraced(function* (
        { live }: Entry,
        why: Pick<Ending, "by" | "interrupted">,
        grace: number,
        told = false
      ) {
        const took = Deferred.makeUnsafe<"term" | "kill">()
        live.ending = { ...why, took, until: (yield* Clock.currentTimeMillis) + grace }
        // Once begun it is finished, whether the one who asked still waits or not.
        yield* FiberSet.run(
          fibers,
          Effect.flatMap(launcher.end(live.id, live.launched, grace, told), (how) => Deferred.succeed(took, how))
        )
      })

      const endAfter = Effect.fnUntraced(function* (entry: Entry, ms: number, by: SessionExit["by"]) {
        const left = entry.record.createdAt + ms - (yield* Clock.currentTimeMillis)
        // Never longer than all of it: the clock may have been put back since.
        yield* Effect.sleep(Math.max(0, Math.min(left, ms)))
        yield* end(entry, by)
      })

      const watch = Effect.fnUntraced(function* (entry: Entry, how: "started" | "adopted" = "started") {
        const { id, limits, name, ttlMs } = entry.record
        const fiber = yield* FiberSet.run(
          fibers,
          // Not as part of the request that happened to start it.
          follow(entry, how).pipe(
            Effect.provide(context),
            Effect.provideService(Leaving, Deferred.await(leaving)),
            Effect.provideService(References.CurrentLogAnnotations, {
              "agentd.session.id": id,
              "agentd.session.name": name
            })
          )
        )
        following.set(id, fiber)
        fiber.addObserver((exit) => {
          following.delete(id)
          if (Exit.isFailure(exit)) abandoned.add(id)
        })
        if (ttlMs !== null) yield* Effect.forkIn(endAfter(entry, ttlMs, "ttl"), entry.scope)
        const { timeoutMs } = limits
        if (timeoutMs !== undefined) yield* Effect.forkIn(endAfter(entry, timeoutMs, "timeout"), entry.scope)
      })

      const settled = (id: string) => {
        const fiber = following.get(id)
        return fiber === undefined ? Effect.void : Effect.asVoid(Fiber.await(fiber))
      }
      const unfollowed = (id: string) => (following.has(id) || abandoned.has(id) ? settled(id) : Effect.never)
      /** An end that cannot be recorded is not waited for: nobody follows that session any more. */
      const endAll = (by: SessionExit["by"], interrupted = false) =>
        Effect.andThen(
          Deferred.succeed(leaving, undefined),
          Effect.forEach(
            [...sessions.entries.values()],
            (entry) => Effect.raceFirst(end(entry, by, undefined, interrupted), unfollowed(entry.live.id)),
            { concurrency: "unbounded", discard: true }
          )
        )

      // Registered after the fibers' own finalizer and so run before it: they still work while their sessions end.
      if (!launcher.outlives) {
        yield* Effect.addFinalizer(() => Effect.andThen(endAll("shutdown"), FiberSet.awaitEmpty(fibers)))
      } else {
        // They run on without this daemon; what it has of their output must be on disk for the next one.
        yield* Effect.addFinalizer(() =>
          Effect.forEach([...sessions.entries.values()], ({ scope }) => Scope.close(scope, Exit.void), {
            concurrency: "unbounded",
            discard: true
          })
        )
      }
      const goOnEnding = Effect.fnUntraced(function* (entry: Entry, { by, interrupted, until }: Omit<Ending, "took">) {
        yield* beginEnding(entry, { by, interrupted }, Math.max(0, until - (yield* Clock.currentTimeMillis)), true)
      })
      const archiving = () => [...following.keys()].some((id) => !sessions.entries.has(id))
      return { watch, end, endAll, settled, archiving, goOnEnding }
    })
  )
}

/** One session's life after its start, in the order its events are recorded. */
const follow = Effect.fnUntraced(function* (entry: Entry, how: "started" | "adopted") {
  const { live, recording, scope } = entry
  const { id: session, pid, startTime } = entry.record
  if (pid !== null && how === "started") yield* record({ type: "session.running", session, pid, startTime })
  const exit = yield* live.awaitEnd()
  yield* recording.writer.flush
  const { unrecorded } = recording.writer
  const sessions = yield* LiveSessions
  const { cols, rows } = live
  if (cols !== entry.record.cols || rows !== entry.record.rows)
    yield* record({ type: "session.resized", session, cols, rows })
  const interrupted = exit.by === "lost" || (live.ending?.interrupted === true && exit.by === "shutdown")
  const status = interrupted ? "interrupted" : "exited"
  yield* record({ type: "session.ended", session, status, exit, offset: live.end, unrecorded })
  yield* (yield* Launcher).forget(session)
  yield* forgetMemory(session)
  // The files are complete before anybody looks for them there.
  yield* Scope.close(scope, Exit.void)
  yield* sessions.remove(session)
  live.finish(exit)
  yield* archiveSession(session, exit, live.end)
  if (entry.record.restart === "on-boot") yield* settleMark
})

/** A transcript that cannot be archived stays what it is: readable where it lies. */
export const archiveSession = Effect.fnUntraced(function* (session: string, exit: SessionExit | null, end?: number) {
  const archived = yield* (yield* Recordings)
    .archive(session, exit, end)
    .pipe(
      Effect.catch((error) =>
        Effect.as(
          Effect.logError(error.message).pipe(
            Effect.annotateLogs(about("session.archive_failed", { "agentd.session.id": session }))
          ),
          null
        )
      )
    )
  if (archived !== null)
    yield* record({ type: "session.archived", session, file: archived.file, bytes: archived.bytes })
})
