/**
 * The numbers that this installation gives to the events it shares: one after the other for each workspace, and after a restore from
 * behind a gap.
 *
 * An older database does not know which numbers it has given since, and others have events under them. So it leaves more of them out
 * than it can have given; what it has forgotten comes back under its own.
 */
import { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { Sql, SqlError } from "./Sql.ts"

/** Numbers left out behind the last that is known of: more than an installation gives in years, and none is kept anywhere. */
const RESTORE_GAP = 1_000_000

/**
 * What the next numbers are above after a restore. Milliseconds since 1970, because nothing may be left that knows how often the same
 * backup was put back before, on machines that are gone; no installation shares a thousand events a second for as long as it lives.
 * The gap is for clocks that are wrong.
 */
export const floorAfter = (used: number, now: number): number => Math.max(used + RESTORE_GAP, now)

/** The last number of this installation in a workspace, or what its numbers are above, if that is more. */
export const lastNumber = (sql: Sql, workspace: string, origin: string): Effect.Effect<number, SqlError> =>
  Effect.map(
    sql<{ last: number }>`SELECT MAX(floor, IFNULL((SELECT MAX(origin_seq) FROM events
      WHERE workspace = ${workspace} AND origin = ${origin} AND origin IS NOT NULL), 0)) AS last FROM installation`,
    ([row]) => row!.last
  )

const USED = "SELECT MAX(origin_seq) AS last FROM events WHERE origin = (SELECT origin FROM installation)"

/** Has the next numbers of every workspace, also of those it does not know any more, begin after a gap; for inside a transaction. */
export const raiseFloor = Effect.fnUntraced(function* (sql: Sql, used: number, now: number) {
  const [row] = yield* sql.unsafe<{ last: number | null; floor: number }>(
    `SELECT (${USED}) AS last, floor FROM installation`
  )
  const floor = floorAfter(Math.max(used, row!.last ?? 0, row!.floor), now)
  yield* sql`UPDATE installation SET floor = ${floor}`
})

/**
 * The same for a copy that somebody has put back: it lies among the copies (`newest` is the last of its version) and does not know that.
 * For inside a transaction; changes nothing when it is done again.
 */
export const noticeCopy = Effect.fnUntraced(function* (sql: Sql, newest: string, now: number) {
  const [row] = yield* sql<{ copy: string }>`SELECT copy FROM installation`
  if (row!.copy === newest) return
  yield* raiseFloor(sql, 0, now)
  yield* sql`UPDATE installation SET copy = ${newest}`
})

/** The last number that a database, which nobody has open, has given; 0 if it does not say so. */
export const usedNumbers = (file: string): number => {
  try {
    const db = new DatabaseSync(file, { readOnly: true })
    try {
      // A column that older schemas lack.
      const { floor } = db.prepare("SELECT * FROM installation").get() as { readonly floor?: number }
      const { last } = db.prepare(USED).get() as { readonly last: number | null }
      return Math.max(last ?? 0, floor ?? 0)
    } finally {
      db.close()
    }
  } catch {
    // Damaged, which may be why something else takes its place; or from before events had such numbers.
    return 0
  }
}
