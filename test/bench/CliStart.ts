/**
 * How long programs take to start: a command that asks a running daemon for its sessions, one that asks nobody, and a daemon.
 */
import { spawn } from "node:child_process"
import { type Daemon, program, startDaemon } from "./Daemon.ts"
import { oclifHello } from "./OclifHello.ts"
import type { Pm2 } from "./Pm2.ts"
import type { Measured } from "./Result.ts"
import type { Scratch } from "./Scratch.ts"
import { takeTurns } from "./statistics.ts"

/** Milliseconds from starting a command to its exit. */
export const time = (file: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv): Promise<number> =>
  new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn(file, args, { env, stdio: "ignore" })
    child.on("error", reject)
    child.on("exit", (code) => {
      const took = performance.now() - started
      if (code === 0) resolve(took)
      else reject(new Error(`${file} ${args.join(" ")} ended with ${code}`))
    })
  })

export const cliStart = async (
  scratch: Scratch,
  daemon: Daemon,
  pm2: Pm2 | string,
  rounds: number
): Promise<Measured> => {
  const node = process.execPath
  const hello = oclifHello(scratch)
  const contestants = [
    { name: "agentctl ls --json", measure: () => time(program("agentctl"), ["ls", "--json"], daemon.env) },
    { name: "node -e 0", measure: () => time(node, ["-e", "0"], daemon.env) },
    { name: "oclif hello", measure: () => time(node, [hello, "hello"], daemon.env) }
  ]
  if (typeof pm2 !== "string") {
    contestants.push({ name: "pm2 ls", measure: () => time(node, [pm2.program, "ls"], pm2.env) })
  }
  return {
    id: "start",
    title: "Command start: `agentctl ls --json`, daemon running",
    unit: "ms",
    ours: "agentctl ls --json",
    rounds: await takeTurns(contestants, rounds),
    goal: { against: "node -e 0", limit: 1.5, sense: "at most" },
    how: "Wall time of the whole process. `pm2 ls` asks a running pm2 daemon; `oclif hello` is a command that prints one word.",
    missing: typeof pm2 === "string" ? [pm2] : []
  }
}

/** What a command costs before it has done anything. */
export const versionStart = async (daemon: Daemon, rounds: number): Promise<Measured> => ({
  id: "version",
  title: "Command start: `agentctl --version`, no daemon asked",
  unit: "ms",
  ours: "agentctl --version",
  rounds: await takeTurns(
    [
      { name: "agentctl --version", measure: () => time(program("agentctl"), ["--version"], daemon.env) },
      { name: "node -e 0", measure: () => time(process.execPath, ["-e", "0"], daemon.env) }
    ],
    rounds
  ),
  goal: { against: "node -e 0", limit: 1.5, sense: "at most" },
  how: "Wall time of the whole process."
})

/** From nothing to a daemon that serves: what whoever comes first waits for. */
export const daemonStart = async (scratch: Scratch, rounds: number): Promise<Measured> => ({
  id: "ready",
  title: "Start of the daemon, until it is ready",
  unit: "ms",
  ours: "agentd",
  rounds: await takeTurns(
    [
      { name: "agentd", measure: () => untilReady(scratch) },
      { name: "node -e 0", measure: () => time(process.execPath, ["-e", "0"], process.env) }
    ],
    rounds
  ),
  goal: { against: "node -e 0", limit: 10, sense: "at most" },
  how: "With an empty state directory, from the start of the process to the line that says where it listens; systemd is told READY=1 then."
})

const untilReady = async (scratch: Scratch): Promise<number> => {
  const started = performance.now()
  const { ready, stop } = await startDaemon(scratch)
  await stop()
  return ready - started
}
