/**
 * `agentd --restore`: puts a backup back where no daemon runs, or none can. Under the lock, so that none begins meanwhile.
 */
import { existsSync } from "node:fs"
import { Clock, Effect, Schema } from "effect"
import { abandon, apply, asideName, commit, readRestored } from "../backup/Apply.ts"
import { refuseWhile } from "../backup/Backups.ts"
import { create, stage } from "../backup/Job.ts"
import { makingOf } from "../backup/Making.ts"
import { BackupRef } from "../contract/Backup.ts"
import { BackupFailed } from "../contract/errors/Errors.ts"
import { Directories } from "../host/files/Directories.ts"
import { Self } from "../host/self/Self.ts"
import { ServiceManager } from "../host/service/ServiceManager.ts"
import { EVERY_UNIT, isAlive } from "../sessions/launching/SessionUnit.ts"
import { ulid } from "../store/Ulid.ts"
import { directoryOfBackups } from "./BackupsOffline.ts"
import type { Options } from "./Options.ts"

export const restore = Effect.fnUntraced(function* ({
  backup,
  config,
  from
}: Extract<Options, { readonly mode: "restore" }>) {
  if (!isReference(backup))
    return yield* new BackupFailed({ reason: `"${backup}" is no backup: give an id (bak_…), or "latest".` })
  const places = yield* Directories
  const { state } = places
  const units = yield* liveUnits
  yield* refuseWhile(() => units)
  const configured = yield* directoryOfBackups(undefined)
  const staged = yield* stage({ do: "stage", directory: yield* directoryOfBackups(from), backup, state })
  return yield* Effect.gen(function* () {
    const saved = yield* save(configured)
    const aside = asideName(yield* Clock.currentTimeMillis)
    commit(state, { backup: staged.id, madeAt: staged.at, saved, config, aside })
    apply({ config: places.config, state })
    return { backup: staged, saved, aside: readRestored(state)?.aside ?? null }
  }).pipe(Effect.tapCause(() => Effect.sync(() => abandon(state))))
})

const isReference = Schema.is(BackupRef)

/** A session that is a service of its own lives on when its daemon is stopped. */
const liveUnits = Effect.suspend(() =>
  process.platform === "linux"
    ? Effect.provide(
        Effect.flatMap(ServiceManager, ({ states }) => states(EVERY_UNIT)),
        ServiceManager.systemd
      ).pipe(
        Effect.map((units) => [...units].flatMap(([unit, active]) => (isAlive(active) ? [unit] : []))),
        // No user manager: no such sessions.
        Effect.orElseSucceed((): ReadonlyArray<string> => [])
      )
    : Effect.succeed([])
)

/** What is there as a backup of its own; null where it cannot be one, and is put aside instead. */
const save = Effect.fnUntraced(function* (directory: string) {
  const places = yield* Directories
  const self = yield* Self
  if (!existsSync(places.database)) return null
  const at = yield* Clock.currentTimeMillis
  const making = makingOf({ id: `bak_${yield* ulid}`, at, reason: "restore", directory }, places, self)
  // Nothing is removed: this is no time to be tidy.
  const keep = { last: Number.MAX_SAFE_INTEGER, daily: 0, weekly: 0, monthly: 0 }
  return yield* create({ ...making, do: "create", keep }).pipe(
    Effect.map(({ backup }) => backup.id),
    Effect.catch((error) =>
      Effect.as(Effect.logWarning(`what is there cannot be backed up and is put aside: ${error.message}`), null)
    )
  )
})
