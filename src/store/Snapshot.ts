/**
 * A copy of the database at one moment, made beside a daemon that goes on writing; and whether a copy can be used.
 */
import { closeSync, openSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { inspect, judge } from "./Inspect.ts"
import { migrations } from "./Migrations.ts"

export interface Snapshot {
  readonly schema: number
  readonly seq: number
  /** Ids of the sessions it knows. */
  readonly sessions: ReadonlySet<string>
}

/**
 * In one read transaction, which in WAL mode holds up nobody; compact, and without a journal beside it. Takes as long as the database is
 * large: for a process of its own. Not yet on disk when this returns.
 */
export const takeSnapshot = (file: string, target: string): Snapshot => {
  // Made by us first: SQLite would create it with the umask's mode.
  closeSync(openSync(target, "wx", 0o600))
  const from = new DatabaseSync(file, { readOnly: true })
  try {
    from.prepare("VACUUM INTO ?").run(target)
  } finally {
    from.close()
  }
  const copy = new DatabaseSync(target, { readOnly: true })
  try {
    const one = (sql: string): number => Number(Object.values(copy.prepare(sql).get()!)[0] ?? 0)
    return {
      schema: one("PRAGMA user_version"),
      seq: one("SELECT MAX(seq) FROM events"),
      sessions: new Set(
        copy
          .prepare("SELECT DISTINCT session FROM events WHERE session IS NOT NULL")
          .all()
          .map((row) => String(row.session))
      )
    }
  } finally {
    copy.close()
  }
}

/** Why a daemon of this version would not open the copy, or null. */
export const whyUnusable = (file: string): string | null => {
  const verdict = judge(inspect(file, false), migrations.length)
  if (verdict.do === "create") return "it is empty"
  if (verdict.do !== "refuse") return null
  return verdict.reason === "newer"
    ? `a later version of agentd made it (its schema is ${verdict.found}, this one knows ${migrations.length})`
    : verdict.detail
}
