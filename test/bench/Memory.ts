/**
 * What the daemon takes while nothing happens: by itself, and for each session that waits.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { manyAttached } from "./Attached.ts"
import { type Daemon, startDaemon } from "./Daemon.ts"
import { programEnvironment } from "./openPty.ts"
import type { Pm2 } from "./Pm2.ts"
import { processorSeconds, residentMegabytes } from "./processes.ts"
import type { Measured } from "./Result.ts"
import type { Scratch } from "./Scratch.ts"
import { takeTurns } from "./statistics.ts"
import { dtach, installed } from "./terminals.ts"

/** Milliseconds after which a process that was just busy counts as resting. */
const SETTLE_MS = 3_000
/** Milliseconds until sessions that were started and left alone have come to rest. */
const REST_MS = 20_000

/** Times that sessions are listed with nobody attached, and again. */
const LISTINGS = 15

/** Sessions that are started at a time. */
const STARTING = 16

const idleNode = async (scratch: Scratch): Promise<number> => {
  const child = scratch.spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"])
  await sleep(SETTLE_MS / 2)
  const memory = residentMegabytes(child.pid!)
  await scratch.stop(child)
  return memory
}

const restingDaemon = async (scratch: Scratch): Promise<number> => {
  const daemon = await startDaemon(scratch)
  await sleep(SETTLE_MS)
  const memory = residentMegabytes(daemon.pid)
  await daemon.stop()
  return memory
}

export const atRest = async (scratch: Scratch, pm2: Pm2 | string, rounds: number): Promise<Measured> => {
  const contestants = [
    { name: "agentd", measure: () => restingDaemon(scratch) },
    { name: "idle Node", measure: () => idleNode(scratch) }
  ]
  if (typeof pm2 !== "string") {
    contestants.push({ name: "pm2 daemon", measure: async () => residentMegabytes(pm2.pid) })
  }
  return {
    id: "rest",
    title: "Memory of the daemon at rest",
    unit: "MB",
    ours: "agentd",
    rounds: await takeTurns(contestants, rounds, false),
    goal: { against: null, limit: 60, sense: "at most" },
    how: `Resident memory ${SETTLE_MS / 1000} s after its start, no session. An idle Node takes its part of that for itself.`,
    missing: typeof pm2 === "string" ? [pm2] : []
  }
}

const startSessions = async ({ client }: Daemon, count: number): Promise<void> => {
  const argv = ["/bin/cat"]
  for (let started = 0; started < count; started += STARTING) {
    const batch = Array.from({ length: Math.min(STARTING, count - started) }, () =>
      client.call("session.start", { argv, cwd: "/", env: programEnvironment })
    )
    await Promise.all(batch)
  }
}

/** Sessions that wait for input, in steps: megabytes for each, the processor time of all, and what it is to attach some of them. */
export const idleSessions = async (
  scratch: Scratch,
  steps: ReadonlyArray<number>,
  seconds: number,
  attached: number
): Promise<ReadonlyArray<Measured>> => {
  const daemon = await startDaemon(scratch)
  await startSessions(daemon, 1)
  await sleep(SETTLE_MS)
  const before = residentMegabytes(daemon.pid)
  const each = new Map<string, ReadonlyArray<number>>()
  let running = 1
  for (const step of steps) {
    await startSessions(daemon, step - running)
    running = step
    await sleep(SETTLE_MS)
    each.set(`agentd, ${step}`, [(residentMegabytes(daemon.pid) - before) / (step - 1)])
  }
  // A program that has printed nothing counts as starting for ten seconds: one that has just become idle is not idle yet.
  await sleep(REST_MS)
  const used = processorSeconds(daemon.pid)
  await sleep(seconds * 1000)
  const share = used === null ? null : ((processorSeconds(daemon.pid)! - used) / seconds) * 100
  const most = steps.at(-1)!
  const ofAttached = await manyAttached(daemon, attached, SETTLE_MS, each.get(`agentd, ${most}`)![0]!, LISTINGS)
  await daemon.stop()

  const missing: Array<string> = []
  if (installed("dtach")) each.set("dtach's process", [await dtachProcess(scratch)])
  else missing.push("dtach is not installed.")
  const memory: Measured = {
    id: "session",
    title: "Memory of the daemon for each idle session",
    unit: "MB",
    ours: `agentd, ${most}`,
    rounds: each,
    goal: { against: null, limit: 1, sense: "at most" },
    how: `Growth of the daemon's resident memory divided by the sessions (${steps.join(", ")}); the programs themselves (\`cat\`) not counted. dtach has a process of its own for each.`,
    missing
  }
  if (share === null) return [memory, ...ofAttached]
  return [
    memory,
    ...ofAttached,
    {
      id: "idle",
      title: `Processor time of the daemon with ${most} idle sessions`,
      unit: "% of one processor",
      ours: "agentd",
      rounds: new Map([["agentd", [share]]]),
      goal: { against: null, limit: 1, sense: "at most" },
      how: `Over ${seconds} s in which nothing happens, ${(SETTLE_MS + REST_MS) / 1000} s after the last of them was started.`
    }
  ]
}

const dtachProcess = async (scratch: Scratch): Promise<number> => {
  const nothing = () => {}
  const terminal = await dtach(scratch).open(["/bin/cat"], nothing, nothing)
  const memory = residentMegabytes(terminal.host!)
  await terminal.close()
  return memory
}
