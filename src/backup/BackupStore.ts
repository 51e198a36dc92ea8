/**
 * What the event log says of backups: the last one that was made, and the last failure since.
 */
import { Context, Effect, Layer } from "effect"
import type { Event } from "../contract/Event.ts"
import type { StorageUnavailable } from "../contract/errors/Errors.ts"
import type { Projection } from "../store/Projection.ts"
import type { Sql, SqlError } from "../store/Sql.ts"
import { Sqlite } from "../store/Sqlite.ts"

interface Row {
  readonly outcome: "created" | "failed"
  readonly seq: number
  readonly at: number
  readonly directory: string
  readonly backup: string | null
  readonly error: string | null
}

export interface LastRuns {
  readonly made: { readonly at: number; readonly backup: string; readonly directory: string } | null
  /** Null when a backup was made since. */
  readonly failed: { readonly at: number; readonly error: string } | null
}

const apply = (sql: Sql, { at, body, seq }: Event): Effect.Effect<void, SqlError> => {
  const put = (row: Row) => Effect.asVoid(sql`INSERT OR REPLACE INTO backup_runs ${sql.insert({ ...row })}`)
  switch (body.type) {
    case "backup.created":
      return put({ outcome: "created", seq, at, directory: body.directory, backup: body.backup, error: null })
    case "backup.failed":
      return put({ outcome: "failed", seq, at, directory: body.directory, backup: null, error: body.error })
    default:
      return Effect.void
  }
}

export const backupProjection: Projection = {
  name: "backups",
  version: 1,
  tables: ["backup_runs"],
  schema: [
    `CREATE TABLE backup_runs (
       outcome TEXT PRIMARY KEY CHECK (outcome IN ('created', 'failed')),
       seq INTEGER NOT NULL,
       at INTEGER NOT NULL,
       directory TEXT NOT NULL,
       backup TEXT,
       error TEXT
     ) STRICT`
  ],
  apply
}

export class BackupStore extends Context.Service<
  BackupStore,
  { readonly last: Effect.Effect<LastRuns, StorageUnavailable> }
>()("agentd/backup/BackupStore") {
  static readonly layer: Layer.Layer<BackupStore, never, Sqlite> = Layer.effect(
    BackupStore,
    Effect.map(Sqlite, ({ read }) => ({
      last: Effect.map(
        read((sql) => sql<Row>`SELECT * FROM backup_runs`),
        (rows) => {
          const created = rows.find(({ outcome }) => outcome === "created")
          const failed = rows.find(({ outcome }) => outcome === "failed")
          const since = failed !== undefined && failed.seq > (created?.seq ?? 0)
          return {
            made:
              created === undefined ? null : { at: created.at, backup: created.backup!, directory: created.directory },
            failed: since ? { at: failed.at, error: failed.error! } : null
          }
        }
      )
    }))
  )
}
