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

/** What of the log is replayed. */
interface Range {
  readonly log: "main" | "live"
  readonly after?: number
  /** The last of them; without it, all. */
  readonly to?: number
  /** Only events whose type begins so. */
  readonly types?: string
}

/** Applies events of the log that this build understands; answers how many. */
const replay = Effect.fnUntraced(function* (
  sql: Sql,
  projections: ReadonlyArray<Projection>,
  { after = 0, log, to = Number.MAX_SAFE_INTEGER, types = "" }: Range
): Effect.fn.Return<number, SqlError> {
  let applied = 0
  for (let from = after; ; ) {
    const rows = yield* sql.unsafe<EventRow>(
      `SELECT ${EVENT_COLUMNS} FROM ${log}.events WHERE seq > ? AND seq <= ? AND type GLOB ? ORDER BY seq LIMIT ?`,
      [from, to, `${types}*`, REPLAY_PAGE]
    )
    const events = rows.flatMap((row) => Option.toArray(decodeEvent(row)))
    for (const projection of projections) yield* applyTo(sql, projection, events)
    applied += events.length
    if (rows.length < REPLAY_PAGE) return applied
    from = rows.at(-1)!.seq
  }
})

const applyTo = (
  sql: Sql,
  { apply, deferred }: Projection,
  events: ReadonlyArray<Event>
): Effect.Effect<void, SqlError> => {
  if (deferred === undefined) return Effect.forEach(events, (event) => apply(sql, event), { discard: true })
  return deferred.applyMany(
    sql,
    events.filter(({ body }) => body.type.startsWith(deferred.types))
  )
}

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
  const applied = yield* replay(sql, projections, { log: "main" })
  yield* nowKnow(sql, projections)
  return applied
})

/** Has the register say that these know the whole log. */
const nowKnow = (sql: Sql, projections: ReadonlyArray<Projection>) =>
  sql`UPDATE projections SET applied = IFNULL((SELECT MAX(seq) FROM events), 0)
    WHERE name IN (SELECT value FROM json_each(${JSON.stringify(projections.map(({ name }) => name))}))`

/** The last event that a deferred projection's tables know of. */
export const appliedTo = (sql: Sql, { name }: Projection, register = "main"): Effect.Effect<number, SqlError> =>
  Effect.map(
    sql.unsafe<{ applied: number }>(`SELECT applied FROM ${register}.projections WHERE name = ?`, [name]),
    ([row]) => row?.applied ?? 0
  )

/** Events of a deferred projection: all that the log has of them above the number `complete`. */
interface Latest {
  readonly events: ReadonlyArray<Event>
  readonly complete: number
}

/** Fills the tables of a deferred projection up to an event, whatever they know so far: from the latest events, or else the log. */
export const fill = Effect.fnUntraced(function* (
  sql: Sql,
  projection: Projection,
  to: number,
  { complete, events }: Latest
): Effect.fn.Return<void, SqlError> {
  const known = yield* appliedTo(sql, projection)
  if (known >= to) return
  if (known < complete) {
    yield* replay(sql, [projection], { log: "main", after: known, to, types: projection.deferred!.types })
  } else {
    yield* applyTo(
      sql,
      projection,
      events.filter(({ seq }) => seq > known && seq <= to)
    )
  }
  yield* sql`UPDATE projections SET applied = ${to} WHERE name = ${projection.name}`
})

/** Are its tables filled in the transaction that appends? */
export const isEager = ({ deferred }: Projection): boolean => deferred === undefined

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
  yield* replay(sql, projections.filter(isEager), { log: "live" })
  for (const projection of projections) {
    if (!isEager(projection))
      yield* replay(sql, [projection], { log: "live", to: yield* appliedTo(sql, projection, "live") })
  }
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
