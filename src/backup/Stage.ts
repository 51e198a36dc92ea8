/**
 * Takes a backup out of its directory, checking every byte, to `restoring.partial` in the state directory: what is later put in place by
 * renaming (Apply.ts) lies on the same file system and is on disk. Nothing in use is touched, whatever is found.
 */
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { BackupDamaged, BackupFailed } from "../contract/errors/Errors.ts"
import { whyUnusable } from "../store/Snapshot.ts"
import { partialFolder } from "./Apply.ts"
import type { Manifest, Part } from "./Manifest.ts"
import { ObjectDamaged, readObject, whyDamaged } from "./Objects.ts"
import { syncPath } from "./Vault.ts"

/** Bytes that stay free for the daemon. */
const SPARE_BYTES = 64 * 1024 * 1024

/** Damaged parts that are named: of a lost disk there may be thousands. */
const MAX_NAMED = 100

export const verifyBackup = Effect.fnUntraced(function* (directory: string, { backup, parts }: Manifest) {
  const damaged: Array<{ readonly part: string; readonly reason: string }> = []
  for (const part of parts) {
    const reason = whyDamaged(directory, part)
    if (reason !== null && damaged.length < MAX_NAMED) damaged.push({ part: part.path, reason })
    yield* Effect.yieldNow
  }
  return { id: backup.id, parts: backup.parts, bytes: backup.bytes, damaged }
})

/** Whoever asked renames it (`Apply.commit`) or removes it. */
export const stageBackup = Effect.fnUntraced(function* (directory: string, manifest: Manifest, state: string) {
  const { backup, parts } = manifest
  const partial = partialFolder(state)
  fs.rmSync(partial, { recursive: true, force: true })
  if (!parts.some(({ path }) => path === "agentd.db"))
    throw new BackupDamaged({ backup: backup.id, part: "agentd.db", reason: "is not in its list" })
  const needed = parts.reduce((sum, { bytes }) => sum + bytes, SPARE_BYTES)
  const { bavail, bsize } = fs.statfsSync(state)
  if (needed > bavail * bsize)
    throw new BackupFailed({
      reason: `There is no room for it: ${state} needs ${needed} bytes free and has ${bavail * bsize}.`
    })
  fs.mkdirSync(partial, { mode: 0o700 })
  try {
    const folders = new Set([partial])
    for (const part of parts) {
      extract(directory, backup.id, part, partial, folders)
      yield* Effect.yieldNow
    }
    const wrong = whyUnusable(join(partial, "agentd.db"))
    if (wrong !== null) throw new BackupFailed({ reason: `The backup ${backup.id} cannot be used: ${wrong}.` })
    // There even when nothing was recorded, so that what was there before goes.
    const transcripts = join(partial, "transcripts")
    fs.mkdirSync(transcripts, { recursive: true, mode: 0o700 })
    for (const folder of folders.add(transcripts)) syncPath(folder)
  } catch (error) {
    fs.rmSync(partial, { recursive: true, force: true })
    throw error
  }
})

const extract = (directory: string, backup: string, part: Part, root: string, folders: Set<string>): void => {
  const target = join(root, part.path)
  for (let folder = dirname(target); !folders.has(folder); folder = dirname(folder)) folders.add(folder)
  fs.mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
  // Only ever a new file, in a folder that we have just made: no link leads anywhere else.
  const fd = fs.openSync(target, "wx", 0o600)
  try {
    readObject(directory, part, (piece) => {
      for (let at = 0; at < piece.length; ) at += fs.writeSync(fd, piece, at)
    })
    fs.fsyncSync(fd)
  } catch (error) {
    throw error instanceof ObjectDamaged ? new BackupDamaged({ backup, part: part.path, reason: error.message }) : error
  } finally {
    fs.closeSync(fd)
  }
}
