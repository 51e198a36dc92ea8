/**
 * What sessions use that are units of their own: read from their control groups.
 */
import { Effect } from "effect"
import type { SessionUsage } from "../../contract/session/SessionLimits.ts"
import { ControlGroups, type GroupFigures } from "../../host/processes/ControlGroups.ts"
import { type Figures, ProcessTable } from "../../host/processes/ProcessTable.ts"
import type { LiveProcess } from "./Launcher.ts"
import { unitOf } from "./SessionUnit.ts"

export const unitUsage = Effect.gen(function* () {
  const groups = yield* ControlGroups
  const table = yield* ProcessTable
  const directories = new Map<string, string>()

  /** Looked up once: a unit stays where it is, and its program may end before its other processes. */
  const directoryOf = ({ pid, session }: LiveProcess): string | null => {
    const known = directories.get(session)
    if (known !== undefined) return known
    const found = cutAfter(groups.ofProcess(pid) ?? "", unitOf(session))
    if (found !== null) directories.set(session, found)
    return found
  }

  const of = (sessions: ReadonlyArray<LiveProcess>): ReadonlyMap<string, SessionUsage> =>
    new Map(
      sessions.flatMap((one) => {
        const directory = directoryOf(one)
        const figures = directory === null ? null : groups.figures(directory)
        return figures === null ? [] : [[one.session, usageFrom(figures, table.figures)] as const]
      })
    )

  return { of, forget: (session: string) => void directories.delete(session) }
})

/** A path as far as a directory of this name; a program may have made groups of its own below it. */
export const cutAfter = (path: string, name: string): string | null => {
  const parts = path.split("/")
  const at = parts.indexOf(name)
  return at < 0 ? null : parts.slice(0, at + 1).join("/")
}

/** Where nobody counts the group's memory, that of its processes. */
export const usageFrom = (group: GroupFigures, processOf: (pid: number) => Figures | null): SessionUsage => ({
  memoryBytes: group.memoryBytes ?? group.processes.reduce((sum, pid) => sum + (processOf(pid)?.memoryBytes ?? 0), 0),
  cpuMs: group.cpuMs,
  tasks: group.tasks,
  ...(group.oomKills === null ? {} : { oomKills: group.oomKills }),
  ...(group.tasksRefused === null ? {} : { tasksRefused: group.tasksRefused })
})
