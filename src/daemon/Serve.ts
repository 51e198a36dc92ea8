/**
 * The life of the daemon: everything built, it says that it is ready, waits for a reason to stop, and leaves in good order.
 */
import { DateTime, Effect, Schedule, Stream } from "effect"
import { Settings } from "../config/Settings.ts"
import { about } from "../contract/Log.ts"
import { Connections } from "../doors/Connections.ts"
import { UnixSocket } from "../doors/UnixSocket.ts"
import { Directories } from "../host/files/Directories.ts"
import { Memory } from "../host/self/Memory.ts"
import { Self } from "../host/self/Self.ts"
import { Signals } from "../host/self/Signals.ts"
import { Notify } from "../host/service/Notify.ts"
import { Launcher } from "../sessions/launching/Launcher.ts"
import { Supervisor } from "../sessions/life/Supervisor.ts"
import { Sessions } from "../sessions/Sessions.ts"
import { EventLog } from "../store/EventLog.ts"
import { idle, Lifecycle } from "./Lifecycle.ts"
import { writePidFile } from "./PidFile.ts"
import { Reload } from "./Reload.ts"
import { restarting } from "./Restart.ts"

export const serve = Effect.gen(function* () {
  const { pidFile, socket } = yield* Directories
  const { executable, pid, version } = yield* Self
  const lifecycle = yield* Lifecycle
  const settings = yield* Settings
  const notify = yield* Notify

  // Listened to before anybody is told that we are ready: a signal before that ends the process, as is right.
  yield* Effect.forkScoped(onSignals, { startImmediately: true })
  if (lifecycle.ephemeral) {
    const { idle_exit } = (yield* settings.current).daemon
    const { live } = yield* Sessions
    const { count } = yield* Connections
    yield* Effect.forkScoped(Effect.andThen(idle(count, live, idle_exit), lifecycle.stop("idle")))
  }
  const started_at = DateTime.formatIso(DateTime.makeUnsafe(lifecycle.startedAt))
  yield* writePidFile(pidFile, { pid, started_at, version, socket, executable })
  yield* Effect.logInfo(`agentd ${version} (pid ${pid}) listens on ${socket}`).pipe(
    Effect.annotateLogs(about("daemon.listening"))
  )
  if (notify.watchdogMs !== null) yield* Effect.forkScoped(watchdog(notify.alive, notify.watchdogMs))
  yield* notify.ready(`listening on ${socket}`)
  yield* Effect.forkScoped((yield* Memory).keepSmall)
  yield* Effect.forkScoped(restarting)

  const reason = yield* lifecycle.stopping
  yield* Effect.logInfo(`stopping: ${reason}`).pipe(Effect.annotateLogs(about("daemon.stopping")))
  yield* notify.stopping
  yield* leave(reason)
})

/** No new clients; sessions that cannot outlive the daemon end; requests under way are answered. */
const leave = Effect.fnUntraced(function* (reason: string) {
  const door = yield* UnixSocket
  yield* door.close
  if ((yield* Launcher).outlives) yield* door.detach("the daemon is stopping; the session goes on")
  // Whoever sends it (init, launchd, docker stop) means the daemon, and takes its sessions along; who wants those to end asks.
  else yield* (yield* Supervisor).endAll("shutdown", reason === "SIGTERM")
  yield* door.drain((yield* (yield* Settings).current).daemon.drain)
  yield* Effect.ignore((yield* EventLog).append({ type: "daemon.stopped", reason }))
})

/** From the event loop itself, so that a loop that is stuck falls silent. */
const watchdog = (alive: Effect.Effect<void>, withinMs: number) =>
  Effect.repeat(alive, Schedule.spaced(Math.max(1, Math.floor(withinMs / 3))))

const onSignals = Effect.gen(function* () {
  const signals = yield* Signals
  const lifecycle = yield* Lifecycle
  const reload = yield* Reload
  yield* Stream.runForEach(signals.received(["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"]), (signal) => {
    if (signal === "SIGHUP") return Effect.ignore(reload)
    return signal === "SIGUSR2" ? Effect.asVoid(Effect.forkDetach(lifecycle.restart)) : lifecycle.stop(signal)
  })
})
