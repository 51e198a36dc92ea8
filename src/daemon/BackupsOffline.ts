/**
 * `agentd --list-backups` and `--verify-backup`: where a damaged store keeps a daemon from starting is where somebody has to know which
 * backups there are. Nothing is written, so no lock is needed.
 */
import { join, resolve } from "node:path"
import { Effect, Schema } from "effect"
import { list, verify } from "../backup/Job.ts"
import { Settings } from "../config/Settings.ts"
import { BackupRef } from "../contract/Backup.ts"
import { BackupFailed } from "../contract/errors/Errors.ts"
import { Directories } from "../host/files/Directories.ts"
import { Configuration } from "./layers/Stores.ts"
import type { Options } from "./Options.ts"

const isReference = Schema.is(BackupRef)

/** Where backups are: as asked, as configured, or below the state directory. */
export const directoryOfBackups = Effect.fnUntraced(function* (from: string | undefined) {
  if (from !== undefined) return resolve(from)
  // A configuration that is broken, too, is no reason to leave a damaged store as it is.
  const settings = yield* Effect.option(
    Effect.provide(
      Effect.flatMap(Settings, ({ current }) => current),
      Configuration
    )
  )
  const configured = settings._tag === "Some" ? settings.value.backup.directory : null
  return configured ?? join((yield* Directories).backups, "full")
})

export const lookAtBackups = Effect.fnUntraced(function* (
  options: Extract<Options, { readonly mode: "list-backups" | "verify-backup" }>
) {
  const directory = yield* directoryOfBackups(options.from)
  if (options.mode === "list-backups") return { directory, ...(yield* list({ do: "list", directory })), next: null }
  const backup = options.backup === "all" ? null : options.backup
  if (backup !== null && !isReference(backup))
    return yield* new BackupFailed({ reason: `"${backup}" is no backup: give an id (bak_…), or "latest".` })
  return yield* verify({ do: "verify", directory, backup })
})
