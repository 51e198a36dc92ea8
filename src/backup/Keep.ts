/**
 * Which backups are kept: the newest of each of the last days, weeks and months that have one (grandfather, father, son). Pure.
 */
import type { DateTime } from "effect"
import type { BackupReason } from "../contract/Backup.ts"
import { periodsOf } from "./Calendar.ts"

export interface Keep {
  readonly last: number
  readonly daily: number
  readonly weekly: number
  readonly monthly: number
}

interface Made {
  readonly id: string
  readonly at: number
}

/**
 * Ids of those to remove of a directory's. What a restore has saved takes no place from what was made for its own sake: whoever puts one
 * back after the other, to find the right one, would lose the others by it. Of those the last ones are kept.
 */
export const planRemovals = (
  backups: ReadonlyArray<Made & { readonly reason: BackupReason }>,
  keep: Keep,
  zone: DateTime.TimeZone,
  just: string
): ReadonlyArray<string> => {
  const saved = backups.filter(({ reason }) => reason === "restore")
  const made = backups.filter(({ reason }) => reason !== "restore")
  return [
    ...planRemoval(made, keep, zone, just),
    ...planRemoval(saved, { ...keep, daily: 0, weekly: 0, monthly: 0 }, zone, just)
  ]
}

/**
 * Ids of those to remove. Periods without a backup do not count, so a machine that was off for a month loses nothing by it.
 * `just`, the one just made, stays whatever the clock says.
 */
export const planRemoval = (
  backups: ReadonlyArray<Made>,
  keep: Keep,
  zone: DateTime.TimeZone,
  just: string
): ReadonlyArray<string> => {
  const newestFirst = [...backups].sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
  const kept = new Set([just, ...newestFirst.slice(0, keep.last).map(({ id }) => id)])
  const named = newestFirst.map(({ at, id }) => ({ id, ...periodsOf(at, zone) }))
  for (const [period, count] of [
    ["day", keep.daily],
    ["week", keep.weekly],
    ["month", keep.monthly]
  ] as const) {
    const seen = new Set<string>()
    for (const backup of named) {
      if (seen.has(backup[period])) continue
      if (seen.size >= count) break
      seen.add(backup[period])
      kept.add(backup.id)
    }
  }
  return newestFirst.flatMap(({ id }) => (kept.has(id) ? [] : [id]))
}
