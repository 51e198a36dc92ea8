/**
 * What the log does with its projections: fill them, notice that one's definition changed, and check them against itself.
 */
import { Effect, Option } from "effect"
import type { Event } from "../contract/Event.ts"
import { decodeEvent, EVENT_COLUMNS, type EventRow } from "./EventRows.ts"
import type { Projection } from "./Projection.ts"
import type { Sql, SqlError } from "./Sql.ts"

/** Events held in memory at a time while the log is replayed. */
const REPLAY_PAGE = 500

/** Rows of each side a difference quotes. */
const EXAMPLES = 3

export interface Difference {
  readonly projection: string
  readonly table: string
  /** The table is missing or was made by other statements; its rows were then not compared. */
  readonly definition: boolean
  /** Rows the log implies that the table lacks. */
  readonly missing: number
  /** Rows of the table that the log does not imply. A changed row counts in both. */
  readonly unexpected: number
  readonly examples: {
    readonly missing: ReadonlyArray<Record<string, unknown>>
    readonly unexpected: ReadonlyArray<Record<string, unknown>>
  }
}

export const describeDifference = (difference: Difference): string =>
  difference.definition
    ? `table "${difference.table}" is missing or differently made`
    : `table "${difference.table}": ${difference.missing} rows differ from the log or are missing, ${difference.unexpected} are not in the log`

export const applyAll = (
  sql: Sql,
  projections: ReadonlyArray<Projection>,
  event: Event
): Effect.Effect<void, SqlError> =>
  Effect.forEach(projections, (projection) => projection.apply(sql, event), { discard: true })

/** Applies every event of the log that this build understands; answers how many. */
const replay = Effect.fnUntraced(function* (
  sql: Sql,
  projections: ReadonlyArray<Projection>,
  log: "main" | "live"
): Effect.fn.Return<number, SqlError> {
  let applied = 0
  for (let after = 0; ; ) {
    const rows = yield* sql.unsafe<EventRow>(
      `SELECT ${EVENT_COLUMNS} FROM ${log}.events WHERE seq > ? ORDER BY seq LIMIT ?`,
      [after, REPLAY_PAGE]
    )
    for (const row of rows) {
      const event = decodeEvent(row)
      if (Option.isNone(event)) continue
      yield* applyAll(sql, projections, event.value)
      applied++
    }
    if (rows.length < REPLAY_PAGE) return applied
    after = rows.at(-1)!.seq
  }
})

const create = (sql: Sql, projections: ReadonlyArray<Projection>) =>
  Effect.forEach(
    projections.flatMap(({ schema }) => schema),
    (statement) => sql.unsafe(statement),
    { discard: true }
  )

/** Drops the tables of these projections, also ones an earlier build gave them, and fills them again from the log. */
export const rebuild = Effect.fn("Projections.rebuild")(function* (
  sql: Sql,
  projections: ReadonlyArray<Projection>
): Effect.fn.Return<number, SqlError> {
  // Tables that refer to each other may be dropped in any order as long as all is well at the COMMIT.
  yield* sql.unsafe("PRAGMA defer_foreign_keys = ON")
  for (const { name, tables } of projections) {
    const known = yield* sql<{ tables: string }>`SELECT tables FROM projections WHERE name = ${name}`
    const earlier = known.flatMap((row) => JSON.parse(row.tables) as Array<string>)
    for (const table of new Set([...tables, ...earlier])) yield* sql`DROP TABLE IF EXISTS ${sql.table(table)}`
  }
  yield* create(sql, projections)
  for (const projection of projections) {
    const row = { name: projection.name, definition: definition(projection), tables: JSON.stringify(projection.tables) }
    yield* sql`INSERT OR REPLACE INTO projections ${sql.insert(row)}`
  }
  return yield* replay(sql, projections, "main")
})

const definition = ({ schema, version }: Projection): string => JSON.stringify([version, ...schema])

/** Rebuilds the projections that are new or defined otherwise than when they were filled; answers their names. */
export const install = Effect.fn("Projections.install")(function* (
  sql: Sql,
  projections: ReadonlyArray<Projection>
): Effect.fn.Return<ReadonlyArray<string>, SqlError> {
  const rows = yield* sql<{ name: string; definition: string }>`SELECT name, definition FROM projections`
  const built = new Map(rows.map((row) => [row.name, row.definition]))
  const changed = projections.filter((projection) => built.get(projection.name) !== definition(projection))
  if (changed.length > 0) yield* rebuild(sql, changed)
  return changed.map(({ name }) => name)
})

/** On a scratch database: fills the projections anew from the attached log and compares them with the attached tables. */
export const compare = Effect.fn("Projections.compare")(function* (
  sql: Sql,
  projections: ReadonlyArray<Projection>
): Effect.fn.Return<ReadonlyArray<Difference>, SqlError> {
  yield* create(sql, projections)
  yield* replay(sql, projections, "live")
  const differences: Array<Difference> = []
  for (const { name: projection, tables } of projections) {
    for (const table of tables) {
      const same = { projection, table, definition: false, missing: 0, unexpected: 0 }
      const made = (from: string) => `SELECT type, name, sql FROM ${from}.sqlite_schema WHERE tbl_name = '${table}'`
      const remade = yield* except(sql, made("main"), made("live"))
      if (remade.rows > 0) {
        differences.push({ ...same, definition: true, examples: { missing: [], unexpected: [] } })
        continue
      }
      const all = (from: string) => `SELECT * FROM ${from}."${table}"`
      const missing = yield* except(sql, all("main"), all("live"))
      const unexpected = yield* except(sql, all("live"), all("main"))
      if (missing.rows + unexpected.rows === 0) continue
      const examples = { missing: missing.examples, unexpected: unexpected.examples }
      differences.push({ ...same, missing: missing.rows, unexpected: unexpected.rows, examples })
    }
  }
  return differences
})

const except = Effect.fnUntraced(function* (sql: Sql, left: string, right: string) {
  const [count] = yield* sql.unsafe<{ rows: number }>(`SELECT COUNT(*) AS rows FROM (${left} EXCEPT ${right})`)
  const examples = yield* sql.unsafe<Record<string, unknown>>(`${left} EXCEPT ${right} LIMIT ${EXAMPLES}`)
  return { rows: count?.rows ?? 0, examples }
})
