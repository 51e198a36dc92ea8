/**
 * Many rows put into a table with few statements: calling SQLite once costs as much as a row.
 */
import type { SQLInputValue } from "node:sqlite"
import { Effect } from "effect"
import type { Sql, SqlError } from "./Sql.ts"

/** Rows of the longest statement; whatever is left goes into ones of half as many, so that few different ones are ever prepared. */
const MOST_ROWS = 16

export interface Into {
  readonly table: string
  /** `INSERT`, or what is done instead of failing: `INSERT OR IGNORE`. */
  readonly verb?: string
  /** What is done where a row is already: `(columns) DO UPDATE SET …`. */
  readonly onConflict?: string
}

/** Each row names the same columns. */
export const insertRows = Effect.fnUntraced(function* (
  sql: Sql,
  { onConflict, table, verb = "INSERT" }: Into,
  rows: ReadonlyArray<Readonly<Record<string, SQLInputValue>>>
): Effect.fn.Return<void, SqlError> {
  if (rows.length === 0) return
  const columns = Object.keys(rows[0]!)
  const end = onConflict === undefined ? "" : ` ON CONFLICT ${onConflict}`
  const row = `(${columns.map(() => "?").join(", ")})`
  for (let at = 0, size = MOST_ROWS; at < rows.length; at += size) {
    while (size > rows.length - at) size /= 2
    const places = Array.from({ length: size }, () => row).join(", ")
    const values = rows.slice(at, at + size).flatMap((one) => columns.map((column) => one[column]!))
    yield* sql.unsafe(`${verb} INTO ${table} (${columns.join(", ")}) VALUES ${places}${end}`, values)
  }
})
