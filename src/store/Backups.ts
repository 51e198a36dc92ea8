/**
 * Copies of the database, one before each migration: taken, found again by version, and the oldest thrown away.
 *
 * The name carries the time and the schema version, so that a build can tell which copies it can open without opening any.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"

/** Copies kept: enough to step back over a few upgrades; each is as large as the database. */
export const KEEP_BACKUPS = 5

const NAME = /^agentd-(\d{8}T\d{9}Z)-v(\d{1,9})\.db$/

interface Backup {
  readonly name: string
  readonly version: number
}

export const backupName = (at: number, version: number): string =>
  `agentd-${new Date(at).toISOString().replace(/[-:.]/g, "")}-v${version}.db`

/** Those of a directory's names that are backups, oldest first. */
export const sortBackups = (names: ReadonlyArray<string>): ReadonlyArray<Backup> =>
  names
    .flatMap((name) => {
      const match = NAME.exec(name)
      return match === null ? [] : [{ name, version: Number(match[2]) }]
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))

const list = (directory: string): ReadonlyArray<Backup> => {
  try {
    return sortBackups(readdirSync(directory))
  } catch {
    // No directory means no backup; one that cannot be read has none we could offer.
    return []
  }
}

/** Path of the newest backup that a build knowing versions up to `known` can open. */
export const newestBackup = (directory: string, known: number): string | null => {
  const newest = list(directory).findLast((backup) => backup.version <= known)
  return newest === undefined ? null : join(directory, newest.name)
}

/** Name of the newest copy of a database of this very version. */
export const newestOf = (directory: string, version: number): string | null =>
  list(directory).findLast((backup) => backup.version === version)?.name ?? null

/** Copies the database, complete and on disk before this returns; throws what SQLite or the file system throws. */
export const takeBackup = (file: string, directory: string, version: number, at: number): string => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const target = join(directory, backupName(at, version))
  const partial = `${target}.partial`
  rmSync(partial, { force: true })
  // Made by us first: SQLite would create it with the umask's mode, and it is as private as the original.
  closeSync(openSync(partial, "wx", 0o600))
  try {
    const db = new DatabaseSync(file, { readOnly: true })
    try {
      db.prepare("VACUUM INTO ?").run(partial)
    } finally {
      db.close()
    }
    syncPath(partial)
    renameSync(partial, target)
    syncPath(directory)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
  for (const old of list(directory).slice(0, -KEEP_BACKUPS)) rmSync(join(directory, old.name), { force: true })
  return target
}

/** VACUUM INTO does not promise to have synced what it wrote, and a new name is durable only once its directory is. */
const syncPath = (path: string): void => {
  const fd = openSync(path, "r")
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Makes a file that did not exist, for its owner only, with its directory entry on disk. */
export const createPrivate = (file: string): void => {
  closeSync(openSync(file, "wx", 0o600))
  syncPath(dirname(file))
}
