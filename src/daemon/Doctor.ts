/**
 * Looks for what is wrong, or will be, and names the way out of each: `agentctl doctor`.
 */
import { lstatSync } from "node:fs"
import { Effect } from "effect"
import { Settings } from "../config/Settings.ts"
import type { Finding } from "../contract/Daemon.ts"
import { Directories } from "../host/Directories.ts"
import { Self } from "../host/Self.ts"
import { EventLog } from "../store/EventLog.ts"
import { Sqlite } from "../store/Sqlite.ts"

/** Bytes below which recording will soon stop. */
const LOW_DISK_BYTES = 256 * 1024 * 1024

/** Descriptors a busy day takes: a session needs about three, a client one. */
const ENOUGH_DESCRIPTORS = 4096

const ok = (check: string, message: string): Finding => ({ check, level: "ok", message, fix: null })
const warning = (check: string, message: string, fix: string): Finding => ({ check, level: "warning", message, fix })
const problem = (check: string, message: string, fix: string): Finding => ({ check, level: "problem", message, fix })

const megabytes = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MiB`

export const examine = Effect.suspend(() =>
  Effect.all([store, projections, directories, disk, descriptors, configuration])
)

const store = Effect.gen(function* () {
  const { file, integrity } = yield* Sqlite
  const { backups } = yield* Directories
  const faults = yield* Effect.orElseSucceed(integrity, () => ["it cannot be read"])
  return faults.length === 0
    ? ok("store", `${file} is sound.`)
    : problem(
        "store",
        `${file}: ${faults.join("; ")}`,
        `Stop the daemon and put the newest copy from ${backups} in its place.`
      )
})

const projections = Effect.gen(function* () {
  const { compare } = yield* EventLog
  const differences = yield* Effect.orElseSucceed(compare, () => null)
  if (differences === null)
    return problem("projections", "They could not be compared with the event log.", "Free some space and try again.")
  return differences.length === 0
    ? ok("projections", "Every table is what the event log implies.")
    : problem(
        "projections",
        `Tables differ from the event log: ${differences.map(({ table }) => table).join(", ")}.`,
        'Stop the daemon and run "agentd --rebuild".'
      )
})

const directories = Effect.gen(function* () {
  const { runtime, state, transcripts } = yield* Directories
  const { uid } = yield* Self
  const open = [runtime, state, transcripts].filter((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false })
    return found !== undefined && (found.uid !== uid || (found.mode & 0o077) !== 0 || !found.isDirectory())
  })
  return open.length === 0
    ? ok("directories", "They belong to you alone.")
    : problem("directories", `Open to others: ${open.join(", ")}.`, `Run: chmod 700 ${open.join(" ")}`)
})

const disk = Effect.gen(function* () {
  const { state } = yield* Directories
  const free = (yield* Self).freeBytes(state)
  return free > LOW_DISK_BYTES
    ? ok("disk", `${megabytes(free)} free for transcripts.`)
    : warning(
        "disk",
        `Only ${megabytes(free)} free under ${state}.`,
        "Free some space, or set transcript.keep_bytes lower."
      )
})

const descriptors = Effect.gen(function* () {
  const limit = (yield* Self).descriptorLimit()
  return limit === null || limit >= ENOUGH_DESCRIPTORS
    ? ok("descriptors", "Enough file descriptors for a busy day.")
    : warning(
        "descriptors",
        `This process may open ${limit} files.`,
        `Run: ulimit -n ${ENOUGH_DESCRIPTORS} before starting it.`
      )
})

const configuration = Effect.gen(function* () {
  const { files } = yield* (yield* Settings).show
  const found = files.filter(({ exists }) => exists).map(({ path }) => path)
  return ok(
    "configuration",
    found.length === 0 ? "Built-in values; there is no file." : `Read from ${found.join(", ")}.`
  )
})
