/**
 * Room for what is recorded (state) and for the memory that live sessions share with their successor (runtime): bytes and inodes.
 */
import { existsSync, statfsSync } from "node:fs"
import { dirname } from "node:path"
import { Effect } from "effect"
import type { Finding } from "../../contract/Daemon.ts"
import { ok, problem, warning } from "../../contract/Findings.ts"
import { readableWord } from "../../contract/text/ShellWord.ts"
import type { Places } from "../../host/files/Directories.ts"

export interface Room {
  readonly path: string
  readonly bytes: number
  /** Null where the file system makes inodes as it needs them. */
  readonly files: number | null
}

interface Need {
  readonly bytes: number
  readonly files: number
}

const MiB = 1024 * 1024

/** Below it recording will soon stop: a busy session can print this much in a minute. */
const LOW: Need = { bytes: 256 * MiB, files: 2_000 }
/** Below it the store may refuse to write, and with it every request that changes something. */
const OUT: Need = { bytes: 16 * MiB, files: 50 }
/** The runtime directory holds about a megabyte for each live session, and usually has half of the memory. */
const LOW_RUNTIME: Need = { bytes: 32 * MiB, files: 500 }
const OUT_RUNTIME: Need = { bytes: 4 * MiB, files: 50 }

const lacks = ({ bytes, files }: Room, need: Need): boolean =>
  bytes < need.bytes || (files !== null && files < need.files)

export const judgeRoom = (check: string, room: Room, low: Need, out: Need): Finding => {
  const has = `${megabytes(room.bytes)}${room.files === null ? "" : ` and ${room.files} inodes`} free under ${room.path}`
  const fix = `du -xah ${readableWord(room.path)} | sort -h | tail -n 20   # what takes it; "agentctl rm SESSION" deletes a session's record`
  if (lacks(room, out)) return problem(check, `Only ${has}: recording stops when it is used up.`, fix)
  return lacks(room, low) ? warning(check, `Only ${has}.`, fix) : ok(check, `${has}.`)
}

/** `state` and `runtime` may not exist yet: then the directory they will be made in counts. */
export const disk = ({ runtime, state }: Pick<Places, "runtime" | "state">): Effect.Effect<ReadonlyArray<Finding>> =>
  Effect.sync(() => [
    judgeRoom("disk", roomOf(state), LOW, OUT),
    judgeRoom("disk (runtime)", roomOf(runtime), LOW_RUNTIME, OUT_RUNTIME)
  ])

const roomOf = (path: string): Room => {
  const there = existsSync(path) || dirname(path) === path
  if (!there) return roomOf(dirname(path))
  const { bavail, bsize, ffree, files } = statfsSync(path)
  return { path, bytes: bavail * bsize, files: files === 0 ? null : ffree }
}

const megabyte = 1024 * 1024
const megabytes = (bytes: number): string => `${Math.round(bytes / megabyte)} MiB`
