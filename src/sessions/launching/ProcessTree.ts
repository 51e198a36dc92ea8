/**
 * A session's whole process tree: which processes belong to it, and how they are ended.
 */
import { Effect } from "effect"
import type { Process, ProcessTable } from "../../host/processes/ProcessTable.ts"
import { passing } from "../Passing.ts"
import { type Seen, standStill, whole } from "./StandStill.ts"

/** Milliseconds between two looks at a tree that is being stopped: short at first, because most programs end at once. */
const FIRST_LOOK_MS = 10
const LONGEST_LOOK_MS = 200

/** Milliseconds after SIGKILL until we stop looking: a process stuck in the kernel lives that long. */
const KILL_MS = 5_000

/** The variable that marks every process of a session, however far it moved away from its parents. */
export const SESSION_VARIABLE = "AGENTD_SESSION"

/**
 * Who belongs to the tree of `root`: its descendants, the members of its kernel session, and whoever `marked` recognises.
 * Zombies do not count: they are dead and wait for their parent.
 *
 * When the root is gone its pid may belong to a stranger, so only marked processes are taken then.
 */
export const selectTree = (
  processes: ReadonlyArray<Process>,
  root: { readonly pid: number; readonly alive: boolean },
  marked: (pid: number) => boolean
): ReadonlyArray<number> => {
  const children = Map.groupBy(processes, ({ parent }) => parent)
  const tree = new Set<number>()
  const take = (pid: number): void => {
    if (tree.has(pid)) return
    tree.add(pid)
    for (const child of children.get(pid) ?? []) take(child.pid)
  }
  if (root.alive) {
    take(root.pid)
    for (const { pid, session } of processes) if (session === root.pid) take(pid)
  }
  for (const { pid } of processes) if (!tree.has(pid) && marked(pid)) take(pid)
  const living = new Set(processes.filter(({ zombie }) => !zombie).map(({ pid }) => pid))
  return [...tree].filter((pid) => living.has(pid))
}

/**
 * Ends a tree: SIGHUP and SIGTERM (and SIGCONT, so that stopped processes hear them) at once; what is left after the grace time is made to
 * stand still and sent SIGKILL. Answers what it took. `told`: the first signals have been sent before.
 */
export const endTree = Effect.fnUntraced(function* (
  table: ProcessTable["Service"],
  own: number,
  root: { readonly pid: number; readonly startTime: string | null },
  session: string,
  graceMs: number,
  told = false
): Effect.fn.Return<"term" | "kill"> {
  const mark = `${SESSION_VARIABLE}=${session}`
  // Once seen, always known: a process that loses its parent here may have nothing else that tells where it came from.
  const known = new Map<number, string>()
  const look = (): Seen => {
    const all = table.list()
    // What was there before the program cannot come from it, and need not be looked into.
    const processes = all.filter((one) => one.pid !== own && !(Number(one.startTime) < Number(root.startTime)))
    const started = new Map(processes.map(({ pid, startTime }) => [pid, startTime]))
    const found = started.get(root.pid)
    // A kernel session's number is nobody else's for as long as one of those who were in it is.
    const peopled = processes.some((one) => one.session === root.pid && known.get(one.pid) === one.startTime)
    const alive = found === undefined ? peopled : root.startTime === null || found === root.startTime
    const marked = (pid: number) => known.get(pid) === started.get(pid) || table.hasEnvironment(pid, mark)
    const tree = selectTree(processes, { pid: root.pid, alive }, marked)
    for (const pid of tree) known.set(pid, started.get(pid)!)
    return { processes: all, tree: new Set(tree) }
  }
  const members = () => [...look().tree]
  const belongs = ({ parent, pid, startTime }: Process) => {
    if (pid === own || Number(startTime) < Number(root.startTime)) return false
    const born = known.get(parent)
    const ours = (born !== undefined && table.get(parent)?.startTime === born) || table.hasEnvironment(pid, mark)
    if (ours) known.set(pid, startTime)
    return ours
  }
  /** Costs a look at those that were there before; a look at all of the machine's processes costs hundreds of times more. */
  const someLeft = () =>
    [...known].some(([pid, startTime]) => {
      const now = table.get(pid)
      return now !== null && !now.zombie && now.startTime === startTime
    })
  const gone = Effect.fnUntraced(function* (withinMs: number) {
    const end = (yield* passing) + withinMs
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LONGEST_LOOK_MS)) {
      // Twice: a process that forks and ends between two entries of the listing leaves a child that is not in it.
      if (!someLeft() && members().length === 0 && members().length === 0) return true
      const left = end - (yield* passing)
      if (left <= 0) return false
      yield* Effect.sleep(Math.min(pause, left))
    }
  })

  for (const pid of members()) {
    if (told) break
    table.signal(pid, "SIGHUP")
    table.signal(pid, "SIGTERM")
    table.signal(pid, "SIGCONT")
  }
  if (yield* gone(graceMs)) return "term"
  // Again: who could not be stopped in time may have forked between the look and the signal.
  const end = (yield* passing) + KILL_MS
  while ((yield* passing) < end) {
    yield* standStill(table, { look, belongs })
    const { processes, tree } = look()
    const { groups, pids } = whole(processes, tree)
    for (const group of groups) table.signalGroup(group, "SIGKILL")
    for (const pid of pids) table.signal(pid, "SIGKILL")
    if (yield* gone(LONGEST_LOOK_MS)) break
  }
  return "kill"
})
