/**
 * Who has what of whose events: what this installation has and has said of it, and what the others have said they have of its own.
 */
import { Context, Effect, Layer } from "effect"
import type { StorageUnavailable } from "../contract/errors/Errors.ts"
import { lastNumber } from "../store/Numbering.ts"
import type { Sql } from "../store/Sql.ts"
import { Sqlite } from "../store/Sqlite.ts"
import { NOTHING, type Stated } from "./Confirmation.ts"
import { formatRanges, gapsOf, parseRanges, type Ranges } from "./Ranges.ts"

/** `seen`: the log was looked through up to here. `known`: what it has, by installation, also what is too much to say. */
export interface StatedRow extends Omit<Stated, "have"> {
  readonly seen: number
  readonly known: string
}

const NEVER: StatedRow = { seen: 0, known: NOTHING, put: NOTHING, put_at: 0, tries: 0, there: NOTHING }

export interface ConfirmedRow {
  readonly origin: string
  readonly at: number
  /** Null: it no longer says. */
  readonly has: Ranges | null
}

export interface Lag {
  readonly events: number
  readonly oldestAt: number | null
}

type Ask<A> = Effect.Effect<A, StorageUnavailable>

export class ConfirmationStore extends Context.Service<
  ConfirmationStore,
  {
    readonly stated: (workspace: string) => Ask<StatedRow>
    readonly state: (workspace: string, row: StatedRow) => Ask<void>
    /** Numbers of others' events among a stretch of the log. */
    readonly numbers: (
      workspace: string,
      own: string,
      stretch: { readonly after: number; readonly to: number }
    ) => Ask<ReadonlyArray<{ readonly origin: string; readonly number: number }>>
    /** The last number that an installation's own database can have given. */
    readonly given: (workspace: string, own: string) => Ask<number>
    readonly confirm: (workspace: string, rows: ReadonlyArray<ConfirmedRow>) => Ask<void>
    readonly confirmed: (workspace: string) => Ask<ReadonlyMap<string, { readonly at: number; readonly has: Ranges }>>
    /** Events that leave and are not among these. */
    readonly lacking: (workspace: string, own: string, has: Ranges) => Ask<Lag>
  }
>()("agentd/sync/ConfirmationStore") {
  static readonly layer: Layer.Layer<ConfirmationStore, never, Sqlite> = Layer.effect(
    ConfirmationStore,
    Effect.map(Sqlite, ({ read, transaction }) => ({
      stated: (workspace) =>
        Effect.map(
          read(
            (sql) =>
              sql<StatedRow>`SELECT seen, known, put, put_at, tries, there FROM sync_stated WHERE workspace = ${workspace}`
          ),
          ([row]) => row ?? NEVER
        ),
      state: (workspace, row) =>
        Effect.asVoid(
          transaction((sql) => sql`INSERT OR REPLACE INTO sync_stated ${sql.insert({ workspace, ...row })}`)
        ),
      // By the stretch alone: with the + SQLite does not take the index of the workspace, and look through all of its history.
      numbers: (workspace, own, { after, to }) =>
        read(
          (sql) =>
            sql<{ origin: string; number: number }>`SELECT origin, origin_seq AS number FROM events
              WHERE seq > ${after} AND seq <= ${to} AND +workspace = ${workspace} AND origin <> ${own}`
        ),
      given: (workspace, own) => read((sql) => lastNumber(sql, workspace, own)),
      confirm: (workspace, rows) =>
        transaction((sql) =>
          Effect.forEach(
            rows,
            ({ at, has, origin }) =>
              has === null
                ? sql`DELETE FROM sync_confirmed WHERE workspace = ${workspace} AND origin = ${origin}`
                : sql`INSERT OR REPLACE INTO sync_confirmed ${sql.insert({ workspace, origin, at, has: formatRanges(has) })}`,
            { discard: true }
          )
        ),
      confirmed: (workspace) =>
        Effect.map(
          read(
            (sql) =>
              sql<{ origin: string; at: number; has: string }>`SELECT origin, at, has FROM sync_confirmed
                WHERE workspace = ${workspace}`
          ),
          (rows) => new Map(rows.map(({ at, has, origin }) => [origin, { at, has: parseRanges(has) ?? [] }]))
        ),
      lacking: (workspace, own, has) => read((sql) => lacking(sql, workspace, own, gapsOf(has)))
    }))
  )
}

/** Costs what is lacking, and next to nothing of it: both counts are of an index. */
const lacking = Effect.fnUntraced(function* (sql: Sql, workspace: string, own: string, gaps: Ranges) {
  const [row] = yield* sql<{ events: number }>`WITH gaps AS
      (SELECT value ->> 0 AS first, value ->> 1 AS last FROM json_each(${JSON.stringify(gaps)}))
    SELECT (SELECT COUNT(*) FROM gaps CROSS JOIN events e WHERE e.workspace = ${workspace} AND e.origin = ${own}
        AND e.origin IS NOT NULL AND e.origin_seq BETWEEN first AND last)
      - (SELECT COUNT(*) FROM gaps CROSS JOIN sync_held h WHERE h.workspace = ${workspace} AND h.body IS NULL
        AND h.seq BETWEEN first AND last) AS events`
  const { events } = row!
  if (events <= 0) return { events: 0, oldestAt: null } satisfies Lag
  for (const [first, last] of gaps) {
    const [oldest] = yield* sql<{
      at: number
    }>`SELECT at FROM events e WHERE workspace = ${workspace} AND origin = ${own}
      AND origin IS NOT NULL AND origin_seq BETWEEN ${first} AND ${last} AND NOT EXISTS
        (SELECT 1 FROM sync_held h WHERE h.workspace = ${workspace} AND h.seq = e.origin_seq AND h.body IS NULL)
      ORDER BY origin_seq LIMIT 1`
    if (oldest !== undefined) return { events, oldestAt: oldest.at } satisfies Lag
  }
  return { events, oldestAt: null } satisfies Lag
})
