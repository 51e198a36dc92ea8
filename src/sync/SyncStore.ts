/**
 * What is known of each workspace's synchronisation, and the events it is about. Nothing here is derived from the event log, and
 * everything but people's decisions can be worked out again from the log and the branch.
 */
import { Context, Effect, Layer } from "effect"
import type { StorageUnavailable } from "../contract/errors/Errors.ts"
import type { Sql } from "../store/Sql.ts"
import { Sqlite } from "../store/Sqlite.ts"
import { NOTHING } from "./Confirmation.ts"
import type { Until } from "./Judge.ts"
import type { ShardEvent } from "./ShardLine.ts"

/** Runs kept for each workspace: some days of lively talk. Runs in which nothing happened are not kept. */
const MAX_RUNS = 500

export interface SyncRow {
  readonly workspace: string
  /** The remote's name in the repository. */
  readonly remote: string
  readonly url: string
  readonly enabled: number
  readonly since: number
  readonly head: string | null
  readonly success_at: number | null
  readonly failed_at: number | null
  readonly error: string | null
}

export interface HeldRow {
  readonly seq: number
  readonly event: string
  readonly kinds: string
  readonly at: number
  readonly body: string | null
}

export interface QuarantineEntry {
  readonly path: string
  readonly line: number
  readonly event: string | null
  readonly reason: string
  readonly until: Until
  readonly excerpt: string
}

export interface Run {
  readonly at: number
  readonly ms: number
  readonly received: number
  readonly sent: number
  readonly quarantined: number
  readonly error: string | null
}

/** An installation, with the number and the clock of its last event here. */
export interface OriginRow {
  readonly origin: string
  readonly last: number
  readonly clock: string
}

/** What a cycle has come to know, written down at once. */
export interface Progress {
  readonly head: string | null
  readonly cursors: ReadonlyMap<string, number>
  /** Files whose earlier entries are replaced by `quarantine`. */
  readonly examined?: ReadonlyArray<string> | "all"
  readonly quarantine?: ReadonlyArray<QuarantineEntry>
  readonly held?: ReadonlyArray<Pick<HeldRow, "seq" | "event"> & { readonly kinds: ReadonlyArray<string> }>
}

type Ask<A> = Effect.Effect<A, StorageUnavailable>

export class SyncStore extends Context.Service<
  SyncStore,
  {
    readonly all: Ask<ReadonlyArray<SyncRow>>
    readonly get: (workspace: string) => Ask<SyncRow | null>
    readonly enable: (workspace: string, to: Pick<SyncRow, "remote" | "url">, now: number) => Ask<void>
    readonly disable: (workspace: string) => Ask<void>
    readonly cursors: (workspace: string) => Ask<ReadonlyMap<string, number>>
    readonly advance: (workspace: string, progress: Progress, now: number) => Ask<void>
    readonly record: (workspace: string, run: Run) => Ask<void>
    readonly runs: (workspace: string, limit: number) => Ask<ReadonlyArray<Run>>
    readonly quarantine: (workspace: string) => Ask<ReadonlyArray<QuarantineEntry & { readonly at: number }>>
    readonly held: (workspace: string) => Ask<ReadonlyArray<HeldRow>>
    /** Decides what is sent of a held event; the cursor goes back so that it is. */
    readonly release: (workspace: string, origin: string, seq: number, body: string) => Ask<void>
    readonly origins: (workspace: string) => Ask<ReadonlyArray<OriginRow>>
    /** How many events the log has of an origin above a number. */
    readonly above: (workspace: string, origin: string, after: number) => Ask<number>
    /** Events of an origin above a number, as the log has them. */
    readonly events: (
      workspace: string,
      origin: string,
      after: number,
      to: number,
      limit: number
    ) => Ask<ReadonlyArray<ShardEvent>>
    /** Origin and number of the events with these ids, as one text. */
    readonly places: (workspace: string, ids: ReadonlyArray<string>) => Ask<ReadonlyMap<string, string>>
    /** The directory of another workspace that has one of these very events; null: none has. */
    readonly elsewhere: (
      workspace: string,
      events: ReadonlyArray<Pick<ShardEvent, "id" | "origin" | "seq">>
    ) => Ask<string | null>
    /** The installations that agents were registered at. */
    readonly homes: (workspace: string, agents: ReadonlyArray<string>) => Ask<ReadonlyMap<string, string>>
  }
>()("agentd/sync/SyncStore") {
  static readonly layer: Layer.Layer<SyncStore, never, Sqlite> = Layer.effect(
    SyncStore,
    Effect.map(Sqlite, ({ read, transaction }) => ({
      all: read((sql) => sql<SyncRow>`SELECT * FROM sync_workspaces ORDER BY workspace`),
      get: (workspace) =>
        Effect.map(
          read((sql) => sql<SyncRow>`SELECT * FROM sync_workspaces WHERE workspace = ${workspace}`),
          ([row]) => row ?? null
        ),
      // Another remote has other files: what was read of the one before says nothing about it.
      enable: (workspace, { remote, url }, since) =>
        transaction((sql) =>
          Effect.all(
            [
              sql`DELETE FROM sync_cursors WHERE workspace = ${workspace}
                AND NOT EXISTS (SELECT 1 FROM sync_workspaces w WHERE w.workspace = ${workspace} AND w.url = ${url})`,
              sql`DELETE FROM sync_confirmed WHERE workspace = ${workspace}
                AND NOT EXISTS (SELECT 1 FROM sync_workspaces w WHERE w.workspace = ${workspace} AND w.url = ${url})`,
              sql`UPDATE sync_stated SET there = ${NOTHING} WHERE workspace = ${workspace}
                AND NOT EXISTS (SELECT 1 FROM sync_workspaces w WHERE w.workspace = ${workspace} AND w.url = ${url})`,
              sql`INSERT INTO sync_workspaces ${sql.insert({ workspace, remote, url, enabled: 1, since })}
                ON CONFLICT (workspace) DO UPDATE SET enabled = 1, remote = ${remote}, since = ${since}, error = NULL, failed_at = NULL,
                head = CASE WHEN url = ${url} THEN head END, url = ${url}`
            ],
            { discard: true }
          )
        ),
      disable: (workspace) =>
        Effect.asVoid(transaction((sql) => sql`UPDATE sync_workspaces SET enabled = 0 WHERE workspace = ${workspace}`)),
      cursors: (workspace) =>
        Effect.map(
          read(
            (sql) =>
              sql<{
                origin: string
                published: number
              }>`SELECT origin, published FROM sync_cursors WHERE workspace = ${workspace}`
          ),
          (rows) => new Map(rows.map(({ origin, published }) => [origin, published]))
        ),
      advance: (workspace, progress, now) => transaction((sql) => advance(sql, workspace, progress, now)),
      record: (workspace, run) => transaction((sql) => record(sql, workspace, run)),
      runs: (workspace, limit) =>
        read(
          (sql) =>
            sql<Run>`SELECT at, ms, received, sent, quarantined, error FROM sync_runs
              WHERE workspace = ${workspace} ORDER BY id DESC LIMIT ${limit}`
        ),
      quarantine: (workspace) =>
        Effect.map(
          read(
            (sql) =>
              sql<Omit<QuarantineEntry, "until"> & { until: string; at: number }>`SELECT * FROM sync_quarantine
                WHERE workspace = ${workspace} ORDER BY path, line`
          ),
          (rows) =>
            rows.map(({ at, event, excerpt, line, path, reason, until }) => ({
              at,
              event,
              excerpt,
              line,
              path,
              reason,
              until: until === "never" || until === "author" ? until : Number(until)
            }))
        ),
      held: (workspace) =>
        read(
          (sql) =>
            sql<HeldRow>`SELECT seq, event, kinds, at, body FROM sync_held WHERE workspace = ${workspace} ORDER BY seq`
        ),
      release: (workspace, origin, seq, body) =>
        transaction((sql) =>
          Effect.all(
            [
              sql`UPDATE sync_held SET body = ${body} WHERE workspace = ${workspace} AND seq = ${seq}`,
              sql`UPDATE sync_cursors SET published = MIN(published, ${seq - 1})
                WHERE workspace = ${workspace} AND origin = ${origin}`
            ],
            { discard: true }
          )
        ),
      // From one origin to the next by the index: to group a million events would read all of them.
      origins: (workspace) =>
        read(
          (sql) =>
            sql<OriginRow>`WITH RECURSIVE found (origin) AS (
                SELECT MIN(origin) FROM events WHERE workspace = ${workspace} AND origin IS NOT NULL
                UNION ALL SELECT (SELECT MIN(origin) FROM events
                  WHERE workspace = ${workspace} AND origin > found.origin AND origin IS NOT NULL)
                FROM found WHERE found.origin IS NOT NULL)
              SELECT e.origin, e.origin_seq AS last, e.clock FROM found JOIN events e
              ON e.workspace = ${workspace} AND e.origin = found.origin AND e.origin IS NOT NULL AND e.origin_seq =
                (SELECT MAX(origin_seq) FROM events WHERE workspace = ${workspace} AND origin = found.origin AND origin IS NOT NULL)`
        ),
      above: (workspace, origin, after) =>
        Effect.map(
          read(
            (sql) =>
              sql<{ count: number }>`SELECT COUNT(*) AS count FROM events
                WHERE workspace = ${workspace} AND origin = ${origin} AND origin IS NOT NULL AND origin_seq > ${after}`
          ),
          ([row]) => row!.count
        ),
      events: (workspace, origin, after, to, limit) =>
        read(
          (sql) =>
            sql<ShardEvent>`SELECT id, at, type, body, origin, origin_seq AS seq, clock FROM events
              WHERE workspace = ${workspace} AND origin = ${origin} AND origin IS NOT NULL
              AND origin_seq > ${after} AND origin_seq <= ${to} ORDER BY origin_seq LIMIT ${limit}`
        ),
      places: (workspace, ids) =>
        ids.length === 0
          ? Effect.succeed(new Map())
          : Effect.map(
              read(
                (sql) =>
                  sql<{ id: string; place: string }>`SELECT id, origin || ' ' || origin_seq AS place FROM events
                    WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)})) AND workspace = ${workspace}`
              ),
              (rows) => new Map(rows.map(({ id, place }) => [id, place]))
            ),
      elsewhere: (workspace, events) =>
        Effect.map(
          read(
            (sql) =>
              sql<{
                path: string | null
              }>`SELECT w.path FROM json_each(${JSON.stringify(events.map(({ id, origin, seq }) => ({ id, origin, seq })))}) given
                JOIN events e ON e.id = given.value ->> 'id' LEFT JOIN workspaces w ON w.id = e.workspace
                WHERE e.workspace <> ${workspace} AND e.origin = given.value ->> 'origin' AND e.origin_seq = given.value ->> 'seq' LIMIT 1`
          ),
          ([row]) => (row === undefined ? null : row.path || "one that is gone")
        ),
      homes: (workspace, agents) =>
        Effect.map(
          read(
            (sql) =>
              sql<{ id: string; origin: string }>`SELECT id, origin FROM agents WHERE workspace = ${workspace}
                AND origin IS NOT NULL AND id IN (SELECT value FROM json_each(${JSON.stringify(agents)}))`
          ),
          (rows) => new Map(rows.map(({ id, origin }) => [id, origin]))
        )
    }))
  )
}

const advance = Effect.fnUntraced(function* (
  sql: Sql,
  workspace: string,
  { cursors, examined = [], head, held = [], quarantine = [] }: Progress,
  at: number
) {
  yield* sql`UPDATE sync_workspaces SET head = ${head} WHERE workspace = ${workspace}`
  for (const [origin, published] of cursors) {
    yield* sql`INSERT INTO sync_cursors ${sql.insert({ workspace, origin, published })}
      ON CONFLICT (workspace, origin) DO UPDATE SET published = excluded.published`
  }
  if (examined === "all") yield* sql`DELETE FROM sync_quarantine WHERE workspace = ${workspace}`
  else
    for (const path of examined)
      yield* sql`DELETE FROM sync_quarantine WHERE workspace = ${workspace} AND path = ${path}`
  for (const { event, excerpt, line, path, reason, until } of quarantine) {
    const row = { workspace, path, line, event, reason, until: String(until), excerpt, at }
    yield* sql`INSERT OR REPLACE INTO sync_quarantine ${sql.insert(row)}`
  }
  for (const { event, kinds, seq } of held) {
    yield* sql`INSERT OR IGNORE INTO sync_held ${sql.insert({ workspace, seq, event, kinds: kinds.join(", "), at, body: null })}`
  }
})

const record = Effect.fnUntraced(function* (sql: Sql, workspace: string, run: Run) {
  const { at, error, quarantined, received, sent } = run
  const [before] = yield* sql<{
    error: string | null
  }>`SELECT error FROM sync_workspaces WHERE workspace = ${workspace}`
  if (error === null) {
    yield* sql`UPDATE sync_workspaces SET success_at = ${at}, error = NULL WHERE workspace = ${workspace}`
  } else {
    yield* sql`UPDATE sync_workspaces SET failed_at = ${at}, error = ${error} WHERE workspace = ${workspace}`
  }
  // The same failure every minute is one entry.
  if (error === (before?.error ?? null) && received + sent + quarantined === 0) return
  yield* sql`INSERT INTO sync_runs ${sql.insert({ workspace, ...run })}`
  yield* sql`DELETE FROM sync_runs WHERE workspace = ${workspace} AND id <= (SELECT id FROM sync_runs
    WHERE workspace = ${workspace} ORDER BY id DESC LIMIT 1 OFFSET ${MAX_RUNS})`
})
