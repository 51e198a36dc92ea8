/**
 * The launcher for machines without a service manager: forks the program as the daemon's own child. Its sessions end with the
 * daemon.
 */
import { constants } from "node:os"
import { Deferred, Effect, Layer } from "effect"
import { ProcessTable } from "../host/ProcessTable.ts"
import { Pty } from "../host/Pty.ts"
import { commandOf, type Ended, Launcher } from "./Launcher.ts"
import { endTree } from "./ProcessTree.ts"
import { treeUsage } from "./TreeUsage.ts"

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]))

/** What waitpid(2) said, as the contract speaks of it. */
export const describeEnd = (code: number, signal: number): Ended =>
  signal === 0 ? { code, signal: null } : { code: null, signal: SIGNALS.get(signal) ?? `signal ${signal}` }

export const layer = Layer.effect(
  Launcher,
  Effect.gen(function* () {
    const pty = yield* Pty
    const table = yield* ProcessTable
    return {
      kind: "direct",
      outlives: false,
      outlivesStop: Effect.succeed(false),
      launch: Effect.fnUntraced(function* (spec) {
        const ended = Deferred.makeUnsafe<Ended>()
        // The addon looks it up as a shell does, in the same PATH, and the program then sees the name it was called by.
        const file = spec.env.PATH === undefined ? spec.file : spec.argv[0]!
        const { pid, master } = yield* pty.spawn(
          {
            ...commandOf({ ...spec, file }),
            env: spec.env,
            cwd: spec.cwd,
            cols: spec.cols,
            rows: spec.rows
          },
          (code, signal) => Deferred.doneUnsafe(ended, Effect.succeed(describeEnd(code, signal)))
        )
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
