/**
 * A directory of backups:
 *
 *   AGENTD-BACKUPS     says whose directory it is
 *   bak_….jsonl        what a backup holds (Manifest.ts)
 *   objects/ab/ab…     the contents, each once (Objects.ts)
 *   tmp/               what is being written; whatever lies there when nobody writes is left over
 *   lock               held while somebody writes
 *
 * It is its user's alone, one installation's, and may be copied elsewhere as it is, with any program that copies directories.
 */
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { BackupDamaged, BackupFailed, BackupNotFound } from "../contract/errors/Errors.ts"
import {
  decodeManifest,
  encodeManifest,
  idOfName,
  MAX_MANIFEST_BYTES,
  type Manifest,
  manifestName
} from "./Manifest.ts"

export interface Listed {
  /** Oldest first. */
  readonly manifests: ReadonlyArray<Manifest>
  /** Lists that cannot be read. */
  readonly damaged: ReadonlyArray<{ readonly file: string; readonly reason: string }>
}

const MARK = "AGENTD-BACKUPS"
const MARK_TEXT = "Backups of agentd, kept and removed by it: keep nothing else here.\n"

/** How an object is called. */
const SHA256 = /^[0-9a-f]{64}$/

export const temporaryFolder = (directory: string): string => join(directory, "tmp")
export const lockFile = (directory: string): string => join(directory, "lock")

/** Makes the directory with its folders, or refuses one that others could change. */
export const prepareVault = (directory: string, uid: number): void => {
  try {
    makeDirectory(directory)
    const found = fs.statSync(directory)
    if (found.uid !== uid)
      throw new BackupFailed({
        reason: `${directory} belongs to uid ${found.uid}: choose a directory of your own (backup.directory).`
      })
    // Before its mode: nobody is to be told to close /tmp to others.
    refuseForeign(directory)
    if ((found.mode & 0o022) !== 0)
      throw new BackupFailed({ reason: `Others may write to ${directory}. Run: chmod 700 ${directory}` })
    if ((found.mode & 0o077) !== 0) fs.chmodSync(directory, 0o700)
    if (!fs.existsSync(join(directory, MARK))) fs.writeFileSync(join(directory, MARK), MARK_TEXT, { mode: 0o600 })
    for (const name of ["objects", "tmp"]) fs.mkdirSync(join(directory, name), { recursive: true, mode: 0o700 })
  } catch (error) {
    throw error instanceof BackupFailed ? error : cannotUse(directory, error)
  }
}

/** With its parents. Node's own `recursive` never comes back where a file system makes no directories, as /proc does not. */
const makeDirectory = (path: string): void => {
  if (fs.existsSync(path)) return
  if (dirname(path) !== path) makeDirectory(dirname(path))
  try {
    fs.mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Somebody else was faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
  }
}

/** Old backups are removed here: a directory with somebody else's files in it (a git repository has "objects" too) is not taken. */
const refuseForeign = (directory: string): void => {
  if (fs.existsSync(join(directory, MARK))) return
  if (fs.readdirSync(directory).length > 0)
    throw new BackupFailed({
      reason: `${directory} holds other things than backups: name an empty or a new directory (backup.directory).`
    })
}

const cannotUse = (directory: string, error: unknown): BackupFailed =>
  new BackupFailed({
    reason: `${directory} cannot be used for backups: ${(error as Error).message}. It is where backup.directory says, and has to be writable for the daemon.`
  })

/** Only while the lock is held: nobody else writes then. */
export const removeLeftOver = (directory: string): void => {
  for (const name of fs.readdirSync(temporaryFolder(directory)))
    fs.rmSync(join(temporaryFolder(directory), name), { recursive: true, force: true })
}

export const writeManifest = (directory: string, manifest: Manifest): void => {
  const name = manifestName(manifest.backup.id)
  const temporary = join(temporaryFolder(directory), name)
  const fd = fs.openSync(temporary, "wx", 0o600)
  try {
    fs.writeFileSync(fd, encodeManifest(manifest))
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
  // What it names has to be there after a power cut before it is.
  syncFolders(directory)
  fs.renameSync(temporary, join(directory, name))
  syncPath(directory)
}

const syncFolders = (directory: string): void => {
  const objects = join(directory, "objects")
  for (const name of fs.readdirSync(objects)) syncPath(join(objects, name))
  syncPath(objects)
}

export const syncPath = (path: string): void => {
  const fd = fs.openSync(path, "r")
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** A directory that is not there holds no backups. */
export const listVault = (directory: string): Listed => {
  const manifests: Array<Manifest> = []
  const damaged: Array<{ file: string; reason: string }> = []
  for (const name of namesIn(directory)) {
    const id = idOfName(name)
    if (id === null) continue
    const found = readManifest(directory, id)
    if ("wrong" in found) damaged.push({ file: name, reason: found.wrong })
    else manifests.push(found)
  }
  manifests.sort((a, b) => a.backup.at - b.backup.at || (a.backup.id < b.backup.id ? -1 : 1))
  return { manifests, damaged }
}

const namesIn = (directory: string): ReadonlyArray<string> => {
  try {
    return fs.readdirSync(directory)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT") return []
    throw new BackupFailed({ reason: `${directory} cannot be read (${code}).` })
  }
}

const readManifest = (directory: string, id: string): Manifest | { readonly wrong: string } => {
  try {
    const fd = fs.openSync(
      join(directory, manifestName(id)),
      fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK
    )
    try {
      const found = fs.fstatSync(fd)
      if (!found.isFile()) return { wrong: "is not a regular file" }
      if (found.size > MAX_MANIFEST_BYTES) return { wrong: "is too large" }
      return decodeManifest(id, fs.readFileSync(fd))
    } finally {
      fs.closeSync(fd)
    }
  } catch (error) {
    return { wrong: `cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
}

/**
 * The backup a request means. `latest` is the newest whose list can be read of those that were made for their own sake: what a restore has
 * saved is what somebody wanted to get away from.
 */
export const findBackup = (directory: string, reference: string): Manifest => {
  if (reference === "latest") {
    const { manifests } = listVault(directory)
    const newest = manifests.findLast(({ backup }) => backup.reason !== "restore") ?? manifests.at(-1)
    if (newest === undefined) throw new BackupNotFound({ backup: reference, directory })
    return newest
  }
  if (!fs.existsSync(join(directory, manifestName(reference))))
    throw new BackupNotFound({ backup: reference, directory })
  const found = readManifest(directory, reference)
  if ("wrong" in found)
    throw new BackupDamaged({
      backup: reference,
      part: `its list of parts (${manifestName(reference)})`,
      reason: found.wrong
    })
  return found
}

/**
 * Removes backups, and then the objects that none of those left has. While a list cannot be read nothing of that kind goes: it may
 * name any of them.
 */
export const removeBackups = (directory: string, ids: ReadonlyArray<string>): void => {
  if (ids.length > 0) {
    for (const id of ids) fs.rmSync(join(directory, manifestName(id)), { force: true })
    syncPath(directory)
  }
  const { damaged, manifests } = listVault(directory)
  if (damaged.length > 0) return
  const used = new Set(manifests.flatMap(({ parts }) => parts.map(({ sha256 }) => sha256)))
  const objects = join(directory, "objects")
  for (const folder of fs.readdirSync(objects))
    for (const name of fs.readdirSync(join(objects, folder)))
      if (SHA256.test(name) && !used.has(name)) fs.rmSync(join(objects, folder, name), { force: true })
}
