/**
 * What the event log says of sessions: the queries over the table `sessions` that others need.
 */
import { Context, Effect, Layer, Option } from "effect"
import type { StorageUnavailable } from "../contract/errors/Errors.ts"
import type { SessionStatus } from "../contract/session/Session.ts"
import type { Sql, SqlError } from "../store/Sql.ts"
import { Sqlite } from "../store/Sqlite.ts"
import { HAS_ENDED, IS_LIVE, type SessionRecord, type SessionRow, toRecord } from "./SessionProjection.ts"

export { type SessionRecord, sessionProjection } from "./SessionProjection.ts"

export interface ListFilter {
  /** Ended sessions too. */
  readonly all?: boolean | undefined
  readonly tag?: string | undefined
  readonly status?: SessionStatus | undefined
}

/** Sessions a prefix is resolved to at the most: enough to tell the user what it could have meant. */
const MAX_MATCHES = 20

export class SessionStore extends Context.Service<
  SessionStore,
  {
    readonly get: (id: string) => Effect.Effect<Option.Option<SessionRecord>, StorageUnavailable>
    /** The session that was started last, live or not. */
    readonly latest: Effect.Effect<Option.Option<SessionRecord>, StorageUnavailable>
    /** Newest last; live ones only, unless `all` or `status` says otherwise. */
    readonly list: (filter: ListFilter) => Effect.Effect<ReadonlyArray<SessionRecord>, StorageUnavailable>
    readonly liveByName: (name: string) => Effect.Effect<Option.Option<SessionRecord>, StorageUnavailable>
    /** Ended sessions of this name, newest last: a name is unique only among live ones. */
    readonly endedByName: (name: string) => Effect.Effect<ReadonlyArray<SessionRecord>, StorageUnavailable>
    /** Sessions whose id begins so, with or without its `ses_`, in either case; at most 20. */
    readonly byPrefix: (prefix: string) => Effect.Effect<ReadonlyArray<SessionRecord>, StorageUnavailable>
    /** Those without an end: at start, the ones to find again. */
    readonly live: Effect.Effect<ReadonlyArray<SessionRecord>, StorageUnavailable>
    /** Those that have ended, the one that ended first first: the order retention removes them in. */
    readonly ended: Effect.Effect<ReadonlyArray<SessionRecord>, StorageUnavailable>
    /** Interrupted ones that are to be started again and have not been, the oldest first. */
    readonly toResume: Effect.Effect<ReadonlyArray<SessionRecord>, StorageUnavailable>
    /** Is there a session that the daemon after a reboot will have to start again? */
    readonly awaitsBoot: Effect.Effect<boolean, StorageUnavailable>
    /** Ids of ended sessions that one that lives continues, directly or through others. */
    readonly continued: Effect.Effect<ReadonlySet<string>, StorageUnavailable>
    /** How many are kept of those that have ended. */
    readonly endedByStatus: Effect.Effect<ReadonlyMap<string, number>, StorageUnavailable>
    readonly count: Effect.Effect<{ readonly live: number; readonly ended: number }, StorageUnavailable>
  }
>()("agentd/sessions/SessionStore") {
  static readonly layer: Layer.Layer<SessionStore, never, Sqlite> = Layer.effect(
    SessionStore,
    Effect.map(Sqlite, ({ read }) => {
      const many = (query: (sql: Sql) => Effect.Effect<ReadonlyArray<SessionRow>, SqlError>) =>
        Effect.map(read(query), (rows) => rows.map(toRecord))
      const one = (query: (sql: Sql) => Effect.Effect<ReadonlyArray<SessionRow>, SqlError>) =>
        Effect.map(many(query), (records) => Option.fromUndefinedOr(records[0]))
      return SessionStore.of({
        get: (id) => one((sql) => sql<SessionRow>`SELECT * FROM sessions WHERE id = ${id}`),
        latest: one((sql) => sql<SessionRow>`SELECT * FROM sessions ORDER BY seq DESC LIMIT 1`),
        list: (filter) => many((sql) => list(sql, filter)),
        liveByName: (name) =>
          one((sql) => sql<SessionRow>`SELECT * FROM sessions WHERE name = ${name} AND ${sql.literal(IS_LIVE)}`),
        endedByName: (name) =>
          many(
            (sql) =>
              sql<SessionRow>`SELECT * FROM sessions WHERE name = ${name} AND ${sql.literal(HAS_ENDED)} ORDER BY seq`
          ),
        byPrefix: (prefix) =>
          many((sql) => {
            const first = idPrefix(prefix)
            // "~" sorts after everything an id can hold.
            return sql<SessionRow>`SELECT * FROM sessions WHERE id >= ${first} AND id < ${`${first}~`}
              ORDER BY id LIMIT ${MAX_MATCHES}`
          }),
        live: many((sql) => list(sql, {})),
        ended: many(
          (sql) => sql<SessionRow>`SELECT * FROM sessions WHERE ${sql.literal(HAS_ENDED)} ORDER BY ended_at, seq`
        ),
        toResume: many(
          (sql) => sql<SessionRow>`SELECT * FROM sessions WHERE ${sql.literal(HAS_ENDED)} AND status = 'interrupted'
            AND restart = 'on-boot' AND resumed_by IS NULL ORDER BY seq`
        ),
        awaitsBoot: read((sql) =>
          Effect.map(
            sql`SELECT 1 FROM sessions WHERE restart = 'on-boot' AND (${sql.literal(IS_LIVE)}
              OR (${sql.literal(HAS_ENDED)} AND status = 'interrupted' AND resumed_by IS NULL)) LIMIT 1`,
            (rows) => rows.length > 0
          )
        ),
        continued: read((sql) =>
          Effect.map(
            sql<{ id: string }>`WITH RECURSIVE earlier (id) AS (
                SELECT resumed_from FROM sessions WHERE ${sql.literal(IS_LIVE)} AND resumed_from IS NOT NULL
                UNION
                SELECT resumed_from FROM sessions JOIN earlier USING (id) WHERE resumed_from IS NOT NULL
              ) SELECT id FROM earlier`,
            (rows) => new Set(rows.map(({ id }) => id))
          )
        ),
        endedByStatus: read((sql) =>
          Effect.map(
            sql<{ status: string; count: number }>`SELECT status, COUNT(*) AS count FROM sessions
              WHERE ${sql.literal(HAS_ENDED)} GROUP BY status`,
            (rows) => new Map(rows.map(({ count, status }) => [status, count] as const))
          )
        ),
        count: read((sql) =>
          Effect.map(
            sql<{ live: number; ended: number }>`SELECT
              (SELECT COUNT(*) FROM sessions WHERE ${sql.literal(IS_LIVE)}) AS live,
              (SELECT COUNT(*) FROM sessions WHERE ${sql.literal(HAS_ENDED)}) AS ended`,
            ([row]) => ({ live: row?.live ?? 0, ended: row?.ended ?? 0 })
          )
        )
      })
    })
  )
}

const list = (sql: Sql, { all, status, tag }: ListFilter) =>
  sql<SessionRow>`SELECT * FROM sessions WHERE ${sql.and([
    ...(status === undefined ? (all ? [] : [sql.literal(IS_LIVE)]) : [sql.part`status = ${status}`]),
    ...(tag === undefined ? [] : [sql.part`EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ${tag})`])
  ])} ORDER BY seq`

/** An id's beginning as it is stored: people copy ids without the `ses_` or in lower case. */
export const idPrefix = (typed: string): string => {
  const rest = typed.toLowerCase().startsWith("ses_") ? typed.slice("ses_".length) : typed
  return `ses_${rest.toUpperCase()}`
}
