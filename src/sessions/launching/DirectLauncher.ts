/**
 * The launcher for machines without a service manager: forks the program as the daemon's own child. Its sessions end with the
 * daemon's process, and go on when that process becomes another version of the daemon (daemon/Restart.ts).
 */
import { constants } from "node:os"
import { Deferred, Effect, Layer, Option } from "effect"
import { ProcessTable } from "../../host/processes/ProcessTable.ts"
import { Pty } from "../../host/pty/Pty.ts"
import { Handover } from "../../host/self/Handover.ts"
import { Self } from "../../host/self/Self.ts"
import { refuseGroups, refuseSandbox, requireNice } from "./Enforce.ts"
import { commandOf, type Ended, Launcher } from "./Launcher.ts"
import { endTree } from "./ProcessTree.ts"
import { treeUsage } from "./TreeUsage.ts"

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]))

/** What waitpid(2) said, as the contract speaks of it. */
export const describeEnd = (code: number | null, signal: number): Ended =>
  signal === 0 ? { code, signal: null } : { code: null, signal: SIGNALS.get(signal) ?? `signal ${signal}` }

/** How a child ends, for whoever waits and for the daemon's next version. */
const waiting = () => {
  const ended = Deferred.makeUnsafe<Ended>()
  let known: Ended | null = null
  return {
    ended: Deferred.await(ended),
    collected: () => known,
    conclude: (end: Ended) => {
      known = end
      Deferred.doneUnsafe(ended, Effect.succeed(end))
    }
  }
}

export const layer = Layer.effect(
  Launcher,
  Effect.gen(function* () {
    const pty = yield* Pty
    const table = yield* ProcessTable
    const self = yield* Self
    const handed = new Map((yield* Handover).received?.sessions.map((session) => [session.id, session]))
    return {
      kind: "direct",
      outlives: false,
      outlivesStop: Effect.succeed(false),
      check: (limits, sandbox) =>
        refuseSandbox(sandbox).pipe(
          Effect.andThen(refuseGroups(limits)),
          Effect.andThen(requireNice(limits)),
          Effect.provideService(Self, self)
        ),
      launch: Effect.fnUntraced(function* (spec) {
        const { conclude, ...end } = waiting()
        // The program sees the name it was called by; the shell that may stand before it looks that up in the same PATH.
        const name = spec.env.PATH === undefined ? spec.file : spec.argv[0]!
        const { args, file } = commandOf(spec.stdin === null ? spec : { ...spec, file: name })
        const { pid, master } = yield* pty.spawn(
          {
            file,
            name: spec.stdin === null ? name : file,
            args,
            env: { ...spec.env, ...spec.secretFiles },
            cwd: spec.cwd,
            cols: spec.cols,
            rows: spec.rows
          },
          (code, signal) => conclude(describeEnd(code, signal))
        )
        if (spec.limits.nice !== undefined) table.renice(pid, spec.limits.nice)
        return { pid, startTime: table.get(pid)?.startTime ?? null, master, ...end }
      }),
      forget: () => Effect.void,
      // A child of this process from before it became this version: still a child, so its end is collected as ever.
      adopt: Effect.fnUntraced(function* (session) {
        const child = handed.get(session)
        if (child === undefined) return null
        const { conclude, ...end } = waiting()
        const { pid, startTime } = child
        const known = child.ended
        const master = yield* Effect.option(
          known === null
            ? pty.adoptChild(child, (code, signal) => conclude(describeEnd(code, signal)))
            : pty.adopt(child.master)
        )
        if (known !== null) conclude(known)
        return Option.isNone(master) ? null : { pid, startTime, master: master.value, ...end }
      }),
      retain: () => Effect.void,
      usage: (sessions) => treeUsage(table, sessions),
      end: (session, launched, graceMs, told) => endTree(table, process.pid, launched, session, graceMs, told)
    }
  })
)
