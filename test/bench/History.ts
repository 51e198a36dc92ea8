/**
 * A long history at once: a million sends would take minutes, so rows are put straight into a database whose daemon is not running, as
 * its own tables have them.
 */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

/** Opens the database of a daemon that is not running, for writing fast and not safely. */
export const openStopped = (state: string): DatabaseSync => {
  const file = readdirSync(state, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith("agentd.db"))
  const db = new DatabaseSync(join(state, file!))
  for (const pragma of ["journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"]) db.exec(`PRAGMA ${pragma}`)
  return db
}

export interface Share {
  readonly workspace: string
  readonly origin: string
  /** Names of agents of the workspace. */
  readonly author: string
  readonly reader: string
  readonly count: number
  /** Messages put in before: ids go on after them. */
  readonly before?: number
}

/** So many messages from one agent to another, after whatever the origin has said so far. */
export const putMessages = (
  db: DatabaseSync,
  { author, before = 0, count, origin, reader, workspace }: Share
): void => {
  const given = db.prepare(`CREATE TEMP TABLE base AS SELECT
      (SELECT MAX(seq) FROM events) AS seq, ?1 AS workspace, ?2 AS origin,
      (SELECT COALESCE(MAX(origin_seq), 0) FROM events WHERE workspace = ?1 AND origin = ?2) AS number,
      (SELECT id FROM agents WHERE workspace = ?1 AND name = ?3) AS author, ?3 AS author_name,
      (SELECT id FROM agents WHERE workspace = ?1 AND name = ?4) AS reader, ?4 AS reader_name`)
  given.run(workspace, origin, author, reader)
  const numbers = `WITH RECURSIVE n (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < ${count}),
      m AS (SELECT k, k + ${before} AS i, printf('%026d', k + ${before}) AS ulid,
        printf('%012x0000', 1700000000000 + k + ${before}) AS clock,
        'This is message ' || (k + ${before}) || ' of many, about as long as such messages are.' AS text, base.* FROM n, base)`
  db.exec("BEGIN")
  db.exec(`${numbers} INSERT INTO events (seq, id, at, type, body, workspace, origin, origin_seq, clock)
      SELECT seq + k, 'evt_' || ulid, 1700000000000 + i, 'message.sent',
        json_object('type', 'message.sent', 'author', json_object('id', author, 'name', author_name),
          'to', json_array('@' || reader_name),
          'recipients', json_array(json_object('id', reader, 'name', reader_name, 'delivered', json('true'))),
          'thread', NULL, 'replyTo', NULL, 'scopes', json_array(), 'refs', json_array(), 'format', 'markdown', 'text', text,
          'data', NULL, 'key', NULL),
        workspace, origin, number + k, clock FROM m`)
  db.exec(`${numbers} INSERT INTO messages (id, workspace, origin, sent, thread, author, author_name, to_addresses, at, format,
        text, bytes, data, scopes, refs)
      SELECT 'msg_' || ulid, workspace, origin, clock || 'evt_' || ulid, 'msg_' || ulid, author, author_name,
        json_array('@' || reader_name), 1700000000000 + i, 'markdown', text, octet_length(text), 'null', '[]', '[]' FROM m`)
  db.exec(`${numbers} INSERT INTO mailbox (message, agent, name, sent, delivered_at)
      SELECT 'msg_' || ulid, reader, reader_name, clock || 'evt_' || ulid, 1700000000000 + i FROM m`)
  // So that the daemon does not fill its tables with them once more.
  db.exec("UPDATE projections SET applied = (SELECT MAX(seq) FROM events)")
  db.exec("COMMIT")
  db.exec("DROP TABLE base")
}

/** The installation's own name. */
export const originOf = (db: DatabaseSync): string =>
  (db.prepare("SELECT origin FROM installation").get() as { readonly origin: string }).origin

/** The agent's name of a kind, of which there is one. */
export const nameOf = (db: DatabaseSync, kind: "agent" | "person"): string =>
  (db.prepare("SELECT name FROM agents WHERE kind = ?").get(kind) as { readonly name: string }).name

export const idOf = (db: DatabaseSync, name: string): string =>
  (db.prepare("SELECT id FROM agents WHERE name = ?").get(name) as { readonly id: string }).id
