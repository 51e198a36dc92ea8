/**
 * Looks at the file before anything may change it, and decides: create, open, migrate, or refuse.
 *
 * It reads through a read-only connection of its own, because the driver's constructor already writes (journal mode).
 */
import { lstatSync, type Stats } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { innermostMessage, isDamage } from "./SqliteFailure.ts"

/** "agtd", in the database header's application id (https://sqlite.org/fileformat2.html#application_id). */
export const APPLICATION_ID = 0x61677464

/** What is at the path. */
export type Found =
  | { readonly kind: "nothing" }
  /** No readable database; `detail` says what is there instead. */
  | { readonly kind: "unreadable"; readonly detail: string }
  | {
      readonly kind: "database"
      readonly applicationId: number
      readonly version: number
      readonly tables: number
      /** First line of `PRAGMA quick_check`: `ok`, or what is broken. */
      readonly check: string
    }

export type Verdict =
  | { readonly do: "create" | "open" }
  | { readonly do: "migrate"; readonly from: number }
  | {
      readonly do: "refuse"
      readonly reason: "newer" | "damaged" | "foreign"
      readonly detail: string
      readonly found: number | null
    }

export const judge = (found: Found, known: number): Verdict => {
  switch (found.kind) {
    case "nothing":
      return { do: "create" }
    case "unreadable":
      return { do: "refuse", reason: "damaged", detail: found.detail, found: null }
    case "database": {
      const { applicationId, check, tables, version } = found
      // The daemon died between making the file and its first commit.
      if (applicationId === 0 && tables === 0 && version === 0 && check === "ok") return { do: "create" }
      if (applicationId !== APPLICATION_ID) {
        return { do: "refuse", reason: "foreign", detail: "another program made it", found: null }
      }
      if (version > known) {
        return { do: "refuse", reason: "newer", detail: "a later agentd wrote it", found: version }
      }
      if (check !== "ok") return { do: "refuse", reason: "damaged", detail: check, found: version }
      return version < known ? { do: "migrate", from: version } : { do: "open" }
    }
  }
}

/** Throws what is no property of the content: no permission, an I/O error. */
export const inspect = (file: string, hasBackup: boolean): Found => {
  const main = stat(file)
  const log = stat(`${file}-wal`)
  if (main !== undefined && !main.isFile()) return { kind: "unreadable", detail: "it is not a file" }
  if (main === undefined || main.size === 0) {
    // SQLite deletes the log of an empty database, and with it what could still be rescued.
    if (log !== undefined && log.size > 0) {
      const what = main === undefined ? "it is missing" : "it is empty"
      return { kind: "unreadable", detail: `${what} while ${file}-wal holds data` }
    }
    if (main !== undefined && hasBackup) return { kind: "unreadable", detail: "it is empty, yet backups of it exist" }
    return { kind: "nothing" }
  }
  try {
    return read(file)
  } catch (error) {
    if (isDamage(error)) return { kind: "unreadable", detail: innermostMessage(error) }
    throw error
  }
}

const read = (file: string): Found => {
  // A rollback journal is left only by a kill while the database was being made. SQLite must play it back to read at all,
  // which it refuses to do for a reader.
  const db = new DatabaseSync(file, { readOnly: stat(`${file}-journal`) === undefined })
  try {
    const value = (sql: string) => Object.values(db.prepare(sql).get() ?? {})[0]
    return {
      kind: "database",
      applicationId: Number(value("PRAGMA application_id")),
      version: Number(value("PRAGMA user_version")),
      tables: Number(value("SELECT COUNT(*) FROM sqlite_schema")),
      check: String(value("PRAGMA quick_check(1)"))
    }
  } finally {
    db.close()
  }
}

const stat = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false })
