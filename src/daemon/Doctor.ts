/**
 * Looks for what is wrong, or will be, and names the way out of each: the half of `agentctl doctor` that only the daemon's own
 * program can see. What surrounds it (units, versions, environment) the command examines itself (`src/cli/doctor`).
 */
import { Effect, type Layer } from "effect"
import type { BackupStore } from "../backup/BackupStore.ts"
import type { Settings } from "../config/Settings.ts"
import type { Finding } from "../contract/Daemon.ts"
import { problem } from "../contract/Findings.ts"
import { readableWord } from "../contract/text/ShellWord.ts"
import { Directories, decidePlaces, type Places } from "../host/files/Directories.ts"
import { Self } from "../host/self/Self.ts"
import type { EventLog } from "../store/EventLog.ts"
import type { Sqlite } from "../store/Sqlite.ts"
import { backups } from "./doctor/Backups.ts"
import { clock } from "./doctor/Clock.ts"
import { configuration } from "./doctor/Configuration.ts"
import { descriptors, descriptorsOffline } from "./doctor/Descriptors.ts"
import { disk } from "./doctor/Disk.ts"
import { launcher } from "./doctor/Launching.ts"
import { permissions } from "./doctor/Permissions.ts"
import { projections, store } from "./doctor/Store.ts"
import { EX_CONFIG, EX_IOERR, explainFailure } from "./ExitCodes.ts"

/** What needs no store: to be seen even where no daemon could start. */
const surroundings = Effect.fnUntraced(function* (places: Places) {
  const { uid } = yield* Self
  return [yield* permissions(places, uid), ...(yield* disk(places))]
})

const stored = Effect.all([store, projections, configuration, backups, clock])

/** By a daemon that runs. */
export const examine = Effect.gen(function* () {
  return [...(yield* stored), ...(yield* surroundings(yield* Directories)), yield* descriptors, yield* launcher]
})

/**
 * Without one, on the layers of a mode that does not serve. What would keep a daemon from starting is a finding too; that another
 * one has the store is not: it fails then.
 */
export const examineWith = <E>(offline: Layer.Layer<BackupStore | Directories | EventLog | Settings | Sqlite, E>) =>
  Effect.gen(function* () {
    const places = yield* Effect.orDie(decidePlaces)
    const around = yield* Effect.provide(Effect.all([surroundings(places), descriptorsOffline]), Self.layer)
    const inside = yield* Effect.provide(stored, offline).pipe(
      Effect.catchCause((cause): Effect.Effect<ReadonlyArray<Finding>, E> => {
        const { code, message } = explainFailure(cause)
        return code === EX_CONFIG || code === EX_IOERR
          ? Effect.succeed([refusal(code, message, places)])
          : Effect.failCause(cause)
      })
    )
    return [...inside, ...around.flat()]
  })

const refusal = (code: number, message: string, { backups }: Places): Finding =>
  problem(
    code === EX_CONFIG ? "configuration" : "store",
    `The daemon would not start: ${message}`,
    code === EX_CONFIG ? "agentctl config path" : `agentctl backup list; df -h ${readableWord(backups)}`
  )
