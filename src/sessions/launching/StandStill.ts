/**
 * Has a whole process tree stand still before it is killed. What is stopped cannot fork: once everybody stands, and a look at all processes
 * that began afterwards finds nobody new, the tree is all there, and SIGKILL leaves no child behind that nobody has seen.
 *
 * A signal to a process group reaches a child that is just being made, too (fork(2) is begun anew, or the child gets it as well); one to a
 * process does not. So groups are told where they are wholly the tree's, and each process besides.
 */
import { Effect } from "effect"
import type { Process, ProcessTable } from "../../host/processes/ProcessTable.ts"
import { passing } from "../Passing.ts"

/** Milliseconds until it is killed as it is: what is stuck in the kernel, or not ours to stop, would keep us for ever. */
const STAND_MS = 1_000
/** Looks that must find everybody standing: what began to run between two entries of the first is in the second. */
const LOOKS = 2
/** Milliseconds between two looks: others have the event loop meanwhile. */
const PAUSE_MS = 1
/**
 * How often the newest process of all is looked at after each look at all of them. One that only forks and ends is gone before a look at all
 * comes to it; as the newest it is met at once.
 */
const CHASES = 50

export interface Told {
  readonly groups: ReadonlyArray<number>
  readonly pids: ReadonlyArray<number>
}

/** Whom a signal to all of the tree has to name. A group that a stranger is in, too, is left alone. */
export const whole = (processes: ReadonlyArray<Process>, tree: ReadonlySet<number>): Told => {
  const mixed = new Set(processes.flatMap(({ group, pid, zombie }) => (zombie || tree.has(pid) ? [] : [group])))
  const groups = new Set(processes.flatMap(({ group, pid }) => (tree.has(pid) && !mixed.has(group) ? [group] : [])))
  // 0 and 1 would be this process's own group, and everybody.
  return { groups: [...groups].filter((group) => group > 1), pids: [...tree] }
}

/**
 * Who still moves. One that was told before and waits in the kernel (a parent that waits for its child's execve(2), say) stops when it
 * comes out of there, before it does anything else.
 */
export const moving = (
  processes: ReadonlyArray<Process>,
  tree: ReadonlySet<number>,
  told: ReadonlyMap<number, string>
): ReadonlySet<number> =>
  new Set(
    processes.flatMap(({ pid, startTime, state }) => {
      const stands = state === "stopped" || (state === "waiting" && told.get(pid) === startTime)
      return tree.has(pid) && !stands ? [pid] : []
    })
  )

export interface Seen {
  /** All of the machine's, the tree's among them. */
  readonly processes: ReadonlyArray<Process>
  readonly tree: ReadonlySet<number>
}

export interface Looks {
  readonly look: () => Seen
  /** Whether this process is the tree's. */
  readonly belongs: (process: Process) => boolean
}

type Table = Pick<ProcessTable["Service"], "get" | "newest" | "signal" | "signalGroup">

/** True when one of the tree was met that moved. */
const chase = (table: Table, belongs: Looks["belongs"]): boolean => {
  let met = false
  for (let turn = 0, last = 0; turn < CHASES; turn++) {
    const pid = table.newest()
    if (pid === null) break
    if (pid === last) continue
    last = pid
    const newest = table.get(pid)
    if (newest === null || newest.zombie || newest.state === "stopped" || !belongs(newest)) continue
    met = table.signal(pid, "SIGSTOP") || met
  }
  return met
}

export const standStill = Effect.fnUntraced(function* (table: Table, { belongs, look }: Looks) {
  const end = (yield* passing) + STAND_MS
  const told = new Map<number, string>()
  const deaf = new Set<number>()
  for (let quiet = 0; quiet < LOOKS && (yield* passing) < end; ) {
    const { processes, tree } = look()
    const left = moving(processes, new Set([...tree].filter((pid) => !deaf.has(pid))), told)
    const met = chase(table, belongs)
    quiet = left.size === 0 && !met ? quiet + 1 : 0
    if (left.size > 0) {
      const { groups } = whole(processes, tree)
      for (const group of groups) table.signalGroup(group, "SIGSTOP")
      // Gone, or somebody else's by now.
      for (const pid of left) if (!table.signal(pid, "SIGSTOP")) deaf.add(pid)
      for (const { pid, startTime } of processes) if (left.has(pid)) told.set(pid, startTime)
    }
    yield* Effect.sleep(PAUSE_MS)
  }
})
