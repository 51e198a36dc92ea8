/**
 * Makes a backup: the database first, as it is at one moment, then the transcripts of the sessions it knows, the user's configuration
 * file, and what a script has put beside. For a process of its own: it reads everything and compresses what is new.
 *
 * Sessions live on meanwhile. A transcript that is being written is taken up to where it is on disk, its timing before its bytes, which is
 * what a power cut could leave too, and is repaired as after one.
 */
import * as fs from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import type { Backup, BackupReason } from "../contract/Backup.ts"
import { BackupFailed } from "../contract/errors/Errors.ts"
import { takeSnapshot, whyUnusable } from "../store/Snapshot.ts"
import { isPartPath, type Manifest, type Part } from "./Manifest.ts"
import { putObject } from "./Objects.ts"
import { prepareVault, removeLeftOver, temporaryFolder, writeManifest } from "./Vault.ts"

export interface Sources {
  readonly database: string
  readonly transcripts: string
  /** The user's agentd.toml, whether it is there or not. */
  readonly config: string
  /** Where a script has left files, or null. */
  readonly extra: string | null
}

export interface Making {
  readonly id: string
  readonly at: number
  readonly reason: BackupReason
  readonly version: string
  readonly host: string
  readonly directory: string
  readonly uid: number
  readonly sources: Sources
}

export interface Made {
  readonly backup: Backup
  /** Bytes of disk space it took. */
  readonly stored: number
  readonly skipped: ReadonlyArray<string>
}

/** Times a session's files are looked for: they turn into one when it ends, and the oldest of a long one go. */
const LOOKS = 5

/** A file that was listed and has gone. */
const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT"

/** Only while the vault's lock is held. */
export const createBackup = Effect.fnUntraced(function* (making: Making) {
  const { directory, sources, uid } = making
  prepareVault(directory, uid)
  removeLeftOver(directory)
  const taking = new Taking(directory)
  const { seq, sessions, schema } = takeDatabase(taking, directory, sources.database)
  let recorded = 0
  for (const session of [...sessions].sort()) {
    if (takeTranscript(taking, sources.transcripts, session)) recorded += 1
    // Whoever waits for this process's end gets its turn.
    yield* Effect.yieldNow
  }
  takeConfiguration(taking, sources.config)
  if (sources.extra !== null) yield* takeTree(taking, sources.extra, "extra")
  const backup: Backup = {
    id: making.id,
    at: making.at,
    reason: making.reason,
    version: making.version,
    host: making.host,
    sessions: recorded,
    parts: taking.parts.length,
    bytes: taking.parts.reduce((sum, { bytes }) => sum + bytes, 0)
  }
  const manifest: Manifest = { format: 1, backup, schema, seq, parts: taking.parts }
  writeManifest(directory, manifest)
  return { backup, stored: taking.stored, skipped: taking.skipped } satisfies Made
})

/** The parts so far. */
class Taking {
  readonly parts: Array<Part> = []
  readonly skipped: Array<string> = []
  stored = 0
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** A regular file, up to where it ends now; throws ENOENT where there is none any more. */
  file(path: string, source: string): Part | null {
    if (!isPartPath(path)) return this.skip(path)
    // A link is not followed: it may lead out of what is ours, and another may be put in its place.
    const fd = open(source)
    if (fd === null) return this.skip(path)
    try {
      const found = fs.fstatSync(fd)
      if (!found.isFile()) return this.skip(path)
      const { stored, ...content } = putObject(
        this.#directory,
        fd,
        found.size,
        join(temporaryFolder(this.#directory), "object")
      )
      this.stored += stored
      return { path, ...content }
    } finally {
      fs.closeSync(fd)
    }
  }

  skip(path: string): null {
    this.skipped.push(path)
    return null
  }

  add(part: Part | null): void {
    if (part !== null) this.parts.push(part)
  }
}

/** Null: not a file that can be read, by its name. */
const open = (path: string): number | null => {
  try {
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ELOOP" || code === "ENXIO") return null
    throw error
  }
}

const takeDatabase = (taking: Taking, directory: string, database: string) => {
  const copy = join(temporaryFolder(directory), "agentd.db")
  if (!fs.existsSync(database))
    throw new BackupFailed({ reason: `There is nothing to back up: ${database} does not exist.` })
  const snapshot = takeSnapshot(database, copy)
  const wrong = whyUnusable(copy)
  if (wrong !== null)
    throw new BackupFailed({ reason: `The database cannot be backed up: ${wrong}. "agentctl doctor" says what to do.` })
  taking.add(taking.file("agentd.db", copy))
  fs.rmSync(copy)
  return snapshot
}

/** False when it has none: retention, or nothing was ever printed. */
const takeTranscript = (taking: Taking, transcripts: string, session: string): boolean => {
  for (let look = 1; ; look++) {
    try {
      const parts = transcriptFiles(transcripts, session).map((name) =>
        taking.file(`transcripts/${name}`, join(transcripts, name))
      )
      for (const part of parts) taking.add(part)
      return parts.length > 0
    } catch (error) {
      if (!isGone(error) || look === LOOKS) throw error
    }
  }
}

/** The archive where there is one; else what is being recorded, each segment's timing before its bytes. */
const transcriptFiles = (transcripts: string, session: string): ReadonlyArray<string> => {
  const archive = `${session}.cast.zst`
  if (fs.existsSync(join(transcripts, archive))) return [archive]
  if (!fs.existsSync(join(transcripts, session))) return []
  return fs
    .readdirSync(join(transcripts, session))
    .filter((name) => !name.endsWith(".tmp"))
    .sort()
    .map((name) => `${session}/${name}`)
}

/** Through links: people keep such files elsewhere. */
const takeConfiguration = (taking: Taking, file: string): void => {
  try {
    taking.add(taking.file("config/agentd.toml", fs.realpathSync(file)))
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

const takeTree = Effect.fnUntraced(function* (taking: Taking, root: string, as: string) {
  const waiting = [{ source: root, path: as }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of fs.readdirSync(next.source, { withFileTypes: true })) {
      const path = `${next.path}/${entry.name}`
      const source = join(next.source, entry.name)
      if (entry.isDirectory()) waiting.push({ source, path })
      else taking.add(taking.file(path, source))
      yield* Effect.yieldNow
    }
  }
})
