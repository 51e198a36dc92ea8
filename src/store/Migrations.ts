/**
 * The database's own tables, version by version: the event log and the register of projections.
 *
 * Projections are not migrated: their tables are dropped and built again from the log when their definition changes.
 * A migration is never edited once released; the schema version is their number.
 */
import { Effect } from "effect"
import { APPLICATION_ID } from "./Inspect.ts"
import type { Sql, SqlError } from "./Sql.ts"

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
  },
  {
    name: "events that travel between installations",
    statements: [
      `ALTER TABLE events ADD COLUMN workspace TEXT`,
      `ALTER TABLE events ADD COLUMN origin TEXT`,
      `ALTER TABLE events ADD COLUMN origin_seq INTEGER`,
      `ALTER TABLE events ADD COLUMN clock TEXT`,
      // What a peer lacks of an origin is one range of this, however long the history is.
      `CREATE UNIQUE INDEX events_by_origin ON events (workspace, origin, origin_seq) WHERE origin IS NOT NULL`,
      `CREATE INDEX events_by_clock ON events (clock) WHERE clock IS NOT NULL`,
      // Named by chance, once: a copy of the whole directory must be given another name before it may speak to its original.
      `CREATE TABLE installation (origin TEXT NOT NULL) STRICT`,
      `INSERT INTO installation SELECT 'ins_' || hex(randomblob(10))`
    ]
  }
]

/** Brings the schema from version `from` to the newest; for inside a transaction. */
export const migrate = Effect.fn("Migrations.migrate")(function* (
  sql: Sql,
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
