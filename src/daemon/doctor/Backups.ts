/** Whether the backups that the configuration promises are made. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Clock, DateTime, Effect } from "effect"
import { BackupStore, type LastRuns } from "../../backup/BackupStore.ts"
import { slotsAround } from "../../backup/Calendar.ts"
import { manifestName } from "../../backup/Manifest.ts"
import { Settings } from "../../config/Settings.ts"
import type { Configuration } from "../../contract/config/Config.ts"
import type { Finding } from "../../contract/Daemon.ts"
import { ok, problem, warning } from "../../contract/Findings.ts"
import { readableWord } from "../../contract/text/ShellWord.ts"

interface Facts {
  readonly schedule: Configuration["backup"]["schedule"]
  readonly last: LastRuns
  /** The last one is still where it was put. */
  readonly there: boolean
  /** The moment of the schedule before the last one: a backup that is older has been missed for a whole round. */
  readonly promised: number
}

const CREATE = "agentctl backup create"

export const judgeBackups = ({ last: { failed, made }, promised, schedule, there }: Facts): Finding => {
  const when = (ms: number) => new Date(ms).toISOString()
  if (failed !== null) return problem("backup", `The last one failed (${when(failed.at)}): ${failed.error}`, CREATE)
  if (made !== null && !there)
    return problem(
      "backup",
      `The last one, ${made.backup}, is not in ${made.directory} any more.`,
      `ls -l ${readableWord(made.directory)}; ${CREATE}`
    )
  if (schedule === "off")
    return made === null
      ? ok("backup", 'None is made: backup.schedule is "off".')
      : ok("backup", `The last one was made ${when(made.at)}, by hand: backup.schedule is "off".`)
  if (made === null) return warning("backup", `None was made yet, though they are to be ${schedule}.`, CREATE)
  return made.at < promised
    ? problem("backup", `The last one was made ${when(made.at)}, though they are to be ${schedule}.`, CREATE)
    : ok("backup", `The last one was made ${when(made.at)}.`)
}

export const backups = Effect.gen(function* () {
  const { at, schedule } = (yield* (yield* Settings).current).backup
  const last = yield* Effect.option((yield* BackupStore).last)
  if (last._tag === "None")
    return problem("backup", "Whether any were made cannot be read from the store.", "agentctl doctor")
  const now = yield* Clock.currentTimeMillis
  const zone = DateTime.zoneMakeLocal()
  const slots = { at, every: schedule === "off" ? ("daily" as const) : schedule, zone }
  const { made } = last.value
  return judgeBackups({
    schedule,
    last: last.value,
    there: made === null || existsSync(join(made.directory, manifestName(made.backup))),
    promised: slotsAround(slots, slotsAround(slots, now).last - 1).last
  })
})
