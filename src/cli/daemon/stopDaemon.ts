/** Asks the daemon to stop, after saying what ends with it, and waits until it has gone. */
import { setTimeout } from "node:timers/promises"
import { Client } from "../../client/Client.ts"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import { CommandFailed } from "../AgentctlCommand.ts"
import { agreed } from "../agreed.ts"
import { printable } from "../Paint.ts"

export interface StopOptions {
  readonly yes: boolean
  readonly reason: string
}

/** Milliseconds the daemon may take to end its sessions (5 s grace each, at once) and close its store. */
const GONE_MS = 20_000
/** Milliseconds its process may take after its last word, and between two looks at it. */
const LAST_MS = 2_000
const LOOK_MS = 10

export const stopDaemon = async (
  client: Client,
  options: StopOptions
): Promise<{ readonly ending: ReadonlyArray<string> }> => {
  const status = await client.call("daemon.status", {})
  if (!options.yes && !status.outliveStop) {
    const { sessions } = await client.call("session.list", {})
    if (sessions.length > 0) await confirm(sessions.map((session) => session.name))
  }
  const gone = untilGone(client, status.pid)
  try {
    const result = await client.call("daemon.shutdown", { reason: options.reason })
    await gone.soon()
    return result
  } finally {
    await gone.watching.close()
  }
}

/** Begun before the daemon is asked to go; `soon` waits for its end, from then on only so long. */
export const untilGone = (client: Client, pid: number) => {
  const watching = new Client({ socket: client.socket })
  const last = lastWord(watching)
  return {
    /** To be closed by whoever does not wait any more. */
    watching,
    soon: async (): Promise<void> => {
      const late = Promise.withResolvers<boolean>()
      const timer = globalThis.setTimeout(() => late.resolve(true), GONE_MS)
      const isLate = await Promise.race([last.then(() => false), late.promise])
      clearTimeout(timer)
      if (isLate)
        throw new CommandFailed(`the daemon (pid ${pid}) is still there after ${GONE_MS / 1000} s`, ExitCode.TimedOut)
      await unlocked(pid)
    }
  }
}

/**
 * Its connections end a moment before its process, which holds the lock that the next daemon needs. Not for long: seen from a container
 * the number may be another process's.
 */
const unlocked = async (pid: number): Promise<void> => {
  for (let waited = 0; waited < LAST_MS && runs(pid); waited += LOOK_MS) await setTimeout(LOOK_MS)
}

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Resolves when the daemon closes an open subscription: the last thing it does before it exits. */
const lastWord = async (watching: Client): Promise<void> => {
  try {
    for await (const _ of watching.watch()) {
      // Only the end is of interest.
    }
  } catch {
    // That is the end.
  }
}

const confirm = async (names: ReadonlyArray<string>): Promise<void> => {
  const list = names.map(printable).join(", ")
  const count = names.length === 1 ? "1 live session ends" : `${names.length} live sessions end`
  const answer = await agreed(`${count} with the daemon: ${list}. Stop it?`)
  if (answer === null)
    throw new CommandFailed(`${count} with the daemon: ${list}. Give --yes to stop it anyway.`, ExitCode.Conflict)
  if (!answer) throw new CommandFailed("nothing was stopped")
}
