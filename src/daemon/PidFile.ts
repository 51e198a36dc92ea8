/**
 * A file that says which daemon runs, for people and scripts. The lock decides; this file only tells, and a stale one is
 * simply overwritten.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { Effect } from "effect"

export interface PidFile {
  readonly pid: number
  /** RFC 3339. */
  readonly started_at: string
  readonly version: string
  readonly socket: string
  readonly executable: string
}

/** Written whole or not at all, and removed with the scope if it is still this daemon's. */
export const writePidFile = (path: string, content: PidFile) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      // Always the same name: what a crash in between leaves behind, the next daemon overwrites.
      const temporary = `${path}.new`
      writeFileSync(temporary, `${JSON.stringify(content)}\n`, { mode: 0o600 })
      renameSync(temporary, path)
    }),
    () =>
      Effect.sync(() => {
        if (readPidFile(path)?.pid === content.pid) rmSync(path, { force: true })
      })
  )

/** Null when there is none or it is torn. */
export const readPidFile = (path: string): PidFile | null => {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as PidFile
  } catch {
    return null
  }
}
