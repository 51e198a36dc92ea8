/**
 * How the units of sessions are stopped, and whether they have gone.
 */
import { Effect } from "effect"
import { ProcessTable } from "../../host/processes/ProcessTable.ts"
import { ServiceManager } from "../../host/service/ServiceManager.ts"
import { passing } from "../Passing.ts"
import { isAlive, STOP_SECONDS, unitOf } from "./SessionUnit.ts"

/** Milliseconds after SIGKILL until we stop waiting: only a process stuck in the kernel lives that long. */
export const KILL_MS = 5_000
/** Looks at what is left in that time: a process may fork between the look and the signal. */
const KILL_ROUNDS = 10

export const unitStops = Effect.gen(function* () {
  const manager = yield* ServiceManager
  const table = yield* ProcessTable

  /**
   * Every process of a unit but the command that records its end. Not systemctl kill: it has the kernel kill the whole control
   * group (cgroup.kill), and Linux then kills what systemd starts in it afterwards too, the command first of all.
   */
  const killAll = Effect.fnUntraced(function* (unit: string) {
    const { ControlPID } = yield* Effect.orElseSucceed(manager.show(unit, ["ControlPID"]), () => ({
      ControlPID: "0"
    }))
    const recording = Number(ControlPID)
    for (const pid of table.inUnit(unit)) {
      if (pid !== recording && table.get(pid)?.parent !== recording) table.signal(pid, "SIGKILL")
    }
  })

  const alive = (unit: string) =>
    manager.show(unit, ["ActiveState"]).pipe(
      Effect.map(({ ActiveState }) => isAlive(ActiveState)),
      Effect.orElseSucceed(() => false)
    )

  /** Waits until nothing of it runs, and says whether that came in time. */
  const gone = Effect.fnUntraced(function* (unit: string, withinMs: number) {
    const end = (yield* passing) + withinMs
    for (let pause = 10; ; pause = Math.min(pause * 2, 250)) {
      if (!(yield* alive(unit))) return true
      const left = end - (yield* passing)
      if (left <= 0) return false
      yield* Effect.sleep(Math.min(pause, left))
    }
  })

  /** Ends it, by force once the grace time is over; says which of the two it took. */
  const stop = Effect.fnUntraced(function* (session: string, graceMs: number) {
    const unit = unitOf(session)
    // A second signal of ours could hit the command that records the end, so systemd sends both, once.
    if (graceMs <= STOP_SECONDS * 1000) yield* manager.stop(unit)
    else yield* manager.signal(unit, "SIGTERM")
    if (yield* gone(unit, graceMs)) return "term" as const
    for (let round = 0; round < KILL_ROUNDS; round++) {
      yield* killAll(unit)
      if (yield* gone(unit, KILL_MS / KILL_ROUNDS)) return "kill" as const
    }
    // What is left runs as somebody else (sudo(8)).
    yield* manager.signal(unit, "SIGKILL")
    yield* gone(unit, KILL_MS)
    return "kill" as const
  })

  return { killAll, gone, stop }
})
