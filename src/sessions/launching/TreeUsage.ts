/**
 * What sessions use that are children of this daemon: the sum over their processes.
 *
 * A process that has moved away from its parents and its kernel session is not found here: looking into every process's environment
 * for the session's mark, as stopping one does, would cost too much for a figure.
 */
import type { SessionUsage } from "../../contract/session/SessionLimits.ts"
import type { ProcessTable } from "../../host/processes/ProcessTable.ts"
import type { LiveProcess } from "./Launcher.ts"
import { selectTree } from "./ProcessTree.ts"

export const treeUsage = (
  table: Pick<ProcessTable["Service"], "list" | "figures">,
  sessions: ReadonlyArray<LiveProcess>
): ReadonlyMap<string, SessionUsage> => {
  const processes = sessions.length === 0 ? [] : table.list()
  const started = new Map(processes.map(({ pid, startTime }) => [pid, startTime]))
  return new Map(
    sessions.flatMap(({ pid, session, startTime }) => {
      const alive = started.has(pid) && (startTime === null || started.get(pid) === startTime)
      const figures = selectTree(processes, { pid, alive }, () => false).flatMap((one) => table.figures(one) ?? [])
      if (figures.length === 0) return []
      const sum = (of: (one: (typeof figures)[number]) => number) => figures.reduce((total, one) => total + of(one), 0)
      const usage = {
        memoryBytes: sum((one) => one.memoryBytes),
        cpuMs: sum((one) => one.cpuMs),
        tasks: sum((one) => one.threads)
      }
      return [[session, usage] as const]
    })
  )
}
