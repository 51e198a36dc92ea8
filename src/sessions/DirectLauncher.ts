/**
 * The launcher for machines without a service manager: forks the program as the daemon's own child. Its sessions end with the
 * daemon.
 */
import { constants } from "node:os"
import { Deferred, Effect, Layer } from "effect"
import { ProcessTable } from "../host/ProcessTable.ts"
import { Pty } from "../host/Pty.ts"
import { Self } from "../host/Self.ts"
import { refuseGroups, refuseSandbox, requireNice } from "./Enforce.ts"
import { commandOf, type Ended, Launcher } from "./Launcher.ts"
import { endTree } from "./ProcessTree.ts"
import { treeUsage } from "./TreeUsage.ts"

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]))

/** What waitpid(2) said, as the contract speaks of it. */
export const describeEnd = (code: number | null, signal: number): Ended =>
  signal === 0 ? { code, signal: null } : { code: null, signal: SIGNALS.get(signal) ?? `signal ${signal}` }

export const layer = Layer.effect(
  Launcher,
  Effect.gen(function* () {
    const pty = yield* Pty
    const table = yield* ProcessTable
    const self = yield* Self
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
        const ended = Deferred.makeUnsafe<Ended>()
        // The program sees the name it was called by; the shell that may stand before it looks that up in the same PATH.
        const name = spec.env.PATH === undefined ? spec.file : spec.argv[0]!
        const { args, file } = commandOf(spec.stdin === null ? spec : { ...spec, file: name })
        const { pid, master } = yield* pty.spawn(
          {
            file,
            name: spec.stdin === null ? name : file,
            args,
            env: spec.env,
            cwd: spec.cwd,
            cols: spec.cols,
            rows: spec.rows
          },
          (code, signal) => Deferred.doneUnsafe(ended, Effect.succeed(describeEnd(code, signal)))
        )
        if (spec.limits.nice !== undefined) table.renice(pid, spec.limits.nice)
        return { pid, startTime: table.get(pid)?.startTime ?? null, master, ended: Deferred.await(ended) }
      }),
      forget: () => Effect.void,
      adopt: () => Effect.succeed(null),
      retain: () => Effect.void,
      usage: (sessions) => treeUsage(table, sessions),
      end: (session, launched, graceMs) => endTree(table, process.pid, launched, session, graceMs)
    }
  })
)
