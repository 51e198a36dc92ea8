/**
 * The database's own tables, version by version: the event log and the register of projections.
 *
 * Projections are not migrated: their tables are dropped and built again from the log when their definition changes.
 * A migration is never edited once released; the schema version is their number.
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { APPLICATION_ID } from "./Inspect.ts"

export interface Migration {
  readonly name: string
  readonly statements: ReadonlyArray<string>
}

export const migrations: ReadonlyArray<Migration> = [
  {
    name: "event log",
    statements: [
      `CREATE TABLE events (
         seq INTEGER PRIMARY KEY,
         id TEXT NOT NULL UNIQUE,
         at INTEGER NOT NULL,
         type TEXT NOT NULL,
         session TEXT,
         body TEXT NOT NULL
       ) STRICT`,
      `CREATE INDEX events_by_session ON events (session, seq) WHERE session IS NOT NULL`,
      // The log is append-only for everybody who opens the file, not only for those who know it.
      `CREATE TRIGGER events_never_change BEFORE UPDATE ON events
         BEGIN SELECT RAISE(ABORT, 'events are never changed'); END`,
      `CREATE TRIGGER events_never_go BEFORE DELETE ON events
         BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END`,
      `CREATE TABLE projections (
         name TEXT PRIMARY KEY,
         definition TEXT NOT NULL,
         tables TEXT NOT NULL
       ) STRICT`
    ]
  }
]

/** Brings the schema from version `from` to the newest; for inside a transaction. */
export const migrate = Effect.fn("Migrations.migrate")(function* (
  sql: SqlClient,
  from: number,
  steps: ReadonlyArray<Migration>
): Effect.fn.Return<void, SqlError> {
  for (const step of steps.slice(from)) {
    for (const statement of step.statements) yield* sql.unsafe(statement)
  }
  // Pragmas take no parameters; both values are numbers of our own.
  yield* sql.unsafe(`PRAGMA application_id = ${APPLICATION_ID}`)
  yield* sql.unsafe(`PRAGMA user_version = ${steps.length}`)
})
