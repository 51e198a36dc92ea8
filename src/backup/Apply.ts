/**
 * Puts a prepared backup in place of what is there: by whoever holds the daemon's lock, before the store is opened.
 *
 *   state/restoring.partial/   being prepared, or given up
 *   state/restoring/           prepared, decided, and on disk; plan.json says how it goes on
 *   state/replaced-<time>/     what was there before, until it is known to be in a backup
 *   state/restored.json        what was done, until it is in the log
 *
 * Every step is a rename that is done or not; after a power cut in between the next start goes on with what is left to do.
 */
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { Option, Schema } from "effect"
import { BackupId } from "../contract/Backup.ts"
import { usedNumbers } from "../store/Numbering.ts"
import { syncPath } from "./Vault.ts"

const Plan = Schema.Struct({
  backup: BackupId,
  madeAt: Schema.Int,
  /** The backup that holds what was there before, or null. */
  saved: Schema.NullOr(BackupId),
  /** Put the configuration file back though there is one. */
  config: Schema.Boolean,
  /** Name of the directory for what was there before. */
  aside: Schema.String.check(Schema.isPattern(/^replaced-[0-9TZ]{1,32}$/u))
})
export type Plan = typeof Plan.Type

const Restored = Schema.Struct({
  backup: BackupId,
  madeAt: Schema.Int,
  saved: Schema.NullOr(BackupId),
  aside: Schema.NullOr(Schema.String),
  /** The last number that what was there before has given to what it shared. */
  used: Schema.optionalKey(Schema.Int)
})
export type Restored = typeof Restored.Type

const PLAN = "plan.json"

export const partialFolder = (state: string): string => join(state, "restoring.partial")
const decidedFolder = (state: string): string => join(state, "restoring")
const restoredFile = (state: string): string => join(state, "restored.json")

export const asideName = (at: number): string => `replaced-${new Date(at).toISOString().replace(/[-:.]/g, "")}`

/** Decides it: from here on the next start puts it in place. */
export const commit = (state: string, plan: Plan): void => {
  writeSynced(join(partialFolder(state), PLAN), JSON.stringify(plan))
  syncPath(partialFolder(state))
  fs.renameSync(partialFolder(state), decidedFolder(state))
  syncPath(state)
}

/** Gives it up, decided or not. */
export const abandon = (state: string): void => {
  const [decided, partial] = [decidedFolder(state), partialFolder(state)]
  fs.rmSync(partial, { recursive: true, force: true })
  // Renamed first: half of it must not be taken for the whole.
  if (fs.existsSync(decided)) fs.renameSync(decided, partial)
  fs.rmSync(partial, { recursive: true, force: true })
}

export const isDecided = (state: string): boolean => fs.existsSync(decidedFolder(state))

/** What of the state is replaced: of the database first what would be played back into another one. */
const REPLACED = ["agentd.db-wal", "agentd.db-shm", "agentd.db-journal", "agentd.db", "transcripts"] as const

/** Where the parts belong. */
export interface Targets {
  readonly state: string
  readonly config: string
}

/**
 * Answers false when there is nothing to put in place. Throws what the file system throws, and can then be done again. `step` is called
 * before everything that a power cut could come before, for tests.
 */
export const apply = ({ config, state }: Targets, step: () => void = () => {}): boolean => {
  const decided = decidedFolder(state)
  if (!fs.existsSync(decided)) return false
  const plan = readJson(Plan, join(decided, PLAN))
  if (plan === null) throw new Error(`${join(decided, PLAN)} cannot be read; to give the restore up, remove ${decided}`)
  const aside = join(state, plan.aside)
  // Until the database is in place, the journals beside its name are the old one's.
  const pending = fs.existsSync(join(decided, "agentd.db"))
  for (const name of REPLACED) {
    const [from, to] = [join(decided, name), join(state, name)]
    const brings = fs.existsSync(from)
    if (fs.existsSync(to) && (brings || (pending && name.startsWith("agentd.db-")))) {
      fs.mkdirSync(aside, { recursive: true, mode: 0o700 })
      step()
      fs.renameSync(to, join(aside, name))
    }
    step()
    if (brings) fs.renameSync(from, to)
    syncPath(state)
  }
  putConfiguration(join(decided, "config", "agentd.toml"), join(config, "agentd.toml"), plan, aside)
  if (fs.existsSync(join(decided, "extra"))) fs.renameSync(join(decided, "extra"), join(state, `extra-${plan.backup}`))
  step()
  const kept = fs.existsSync(aside)
  const { backup, madeAt, saved } = plan
  // After a power cut it is written already, and what was there may be gone.
  const used = Math.max(readRestored(state)?.used ?? 0, usedNumbers(join(aside, "agentd.db")))
  const restored: Restored = { backup, madeAt, saved, aside: kept && saved === null ? aside : null, used }
  writeSynced(restoredFile(state), JSON.stringify(restored))
  if (kept) {
    syncPath(aside)
    step()
    if (saved !== null) fs.rmSync(aside, { recursive: true, force: true })
  }
  step()
  abandon(state)
  syncPath(state)
  return true
}

const putConfiguration = (from: string, to: string, { config }: Plan, aside: string): void => {
  if (!fs.existsSync(from) || (fs.existsSync(to) && !config)) return
  fs.mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
  if (fs.existsSync(to)) {
    fs.mkdirSync(aside, { recursive: true, mode: 0o700 })
    fs.copyFileSync(to, join(aside, "agentd.toml"))
  }
  // It may be another file system; a name only ever has a whole file.
  const temporary = `${to}.restoring`
  writeSynced(temporary, fs.readFileSync(from))
  fs.renameSync(temporary, to)
  fs.rmSync(from)
}

/** What was put in place and is not in the log yet. */
export const readRestored = (state: string): Restored | null =>
  fs.existsSync(restoredFile(state)) ? readJson(Restored, restoredFile(state)) : null

export const forgetRestored = (state: string): void => fs.rmSync(restoredFile(state), { force: true })

const readJson = <S extends Schema.Codec<unknown, unknown>>(schema: S, file: string): S["Type"] | null =>
  Option.getOrNull(Schema.decodeUnknownOption(Schema.fromJsonString(schema))(fs.readFileSync(file, "utf8")))

const writeSynced = (file: string, content: string | Buffer): void => {
  const fd = fs.openSync(file, "w", 0o600)
  try {
    fs.writeFileSync(fd, content)
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
