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
  },
  {
    name: "synchronisation",
    statements: [
      // What a person has decided about a workspace, and how far it has come. `head`: the branch as it was last read.
      `CREATE TABLE sync_workspaces (
         workspace TEXT PRIMARY KEY,
         remote TEXT NOT NULL,
         url TEXT NOT NULL,
         enabled INTEGER NOT NULL,
         since INTEGER NOT NULL,
         head TEXT,
         success_at INTEGER,
         failed_at INTEGER,
         error TEXT
       ) STRICT`,
      // Everything of an origin up to this number that the log has is on the branch at `head`, or held.
      `CREATE TABLE sync_cursors (
         workspace TEXT NOT NULL,
         origin TEXT NOT NULL,
         published INTEGER NOT NULL,
         PRIMARY KEY (workspace, origin)
       ) STRICT, WITHOUT ROWID`,
      // Events of this installation that look as if they held a secret. `body`: what is sent instead, once somebody has decided so.
      `CREATE TABLE sync_held (
         workspace TEXT NOT NULL,
         seq INTEGER NOT NULL,
         event TEXT NOT NULL,
         kinds TEXT NOT NULL,
         at INTEGER NOT NULL,
         body TEXT,
         PRIMARY KEY (workspace, seq)
       ) STRICT, WITHOUT ROWID`,
      // Lines of the branch that were not taken in. `until`: "never", "author", or milliseconds since 1970.
      `CREATE TABLE sync_quarantine (
         workspace TEXT NOT NULL,
         path TEXT NOT NULL,
         line INTEGER NOT NULL,
         event TEXT,
         reason TEXT NOT NULL,
         until TEXT NOT NULL,
         excerpt TEXT NOT NULL,
         at INTEGER NOT NULL,
         PRIMARY KEY (workspace, path, line)
       ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE sync_runs (
         id INTEGER PRIMARY KEY,
         workspace TEXT NOT NULL,
         at INTEGER NOT NULL,
         ms INTEGER NOT NULL,
         received INTEGER NOT NULL,
         sent INTEGER NOT NULL,
         quarantined INTEGER NOT NULL,
         error TEXT
       ) STRICT`,
      `CREATE INDEX sync_runs_by_workspace ON sync_runs (workspace, id)`
    ]
  },
  {
    name: "numbers after a restore",
    statements: [
      // What is shared from now on has numbers above this in every workspace.
      `ALTER TABLE installation ADD COLUMN floor INTEGER NOT NULL DEFAULT 0`
    ]
  },
  {
    name: "copies put back by hand",
    statements: [
      // The newest copy of its own version that it knows of. One that it does not know was taken of it later: it is older than that.
      `ALTER TABLE installation ADD COLUMN copy TEXT NOT NULL DEFAULT ''`
    ]
  },
  {
    name: "who has what",
    statements: [
      // What others have said they have of this installation's events, as ranges of numbers.
      `CREATE TABLE sync_confirmed (
         workspace TEXT NOT NULL,
         origin TEXT NOT NULL,
         at INTEGER NOT NULL,
         has TEXT NOT NULL,
         PRIMARY KEY (workspace, origin)
       ) STRICT, WITHOUT ROWID`,
      // What it has of theirs (`known`, worked out from the log up to `seen`), what it tried to say of that, and what the branch says.
      `CREATE TABLE sync_stated (
         workspace TEXT PRIMARY KEY,
         seen INTEGER NOT NULL,
         known TEXT NOT NULL,
         put TEXT NOT NULL,
         put_at INTEGER NOT NULL,
         tries INTEGER NOT NULL,
         there TEXT NOT NULL
       ) STRICT`
    ]
  },
  {
    name: "tables that are filled after the append",
    statements: [
      // The last event that the tables of the projection know of, for one that is not filled with the append.
      `ALTER TABLE projections ADD COLUMN applied INTEGER NOT NULL DEFAULT 0`,
      // Until now all were.
      `UPDATE projections SET applied = IFNULL((SELECT MAX(seq) FROM events), 0)`
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
