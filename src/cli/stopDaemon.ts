/** Asks the daemon to stop, after saying what ends with it, and waits until it has gone. */
import { createInterface } from "node:readline/promises"
import { Client } from "../client/Client.ts"
import { ExitCode } from "../contract/ErrorCodes.ts"
import { CommandFailed } from "./AgentctlCommand.ts"
import { printable } from "./Paint.ts"

export interface StopOptions {
  readonly yes: boolean
  readonly reason: string
}

/** Milliseconds the daemon may take to end its sessions (5 s grace each, at once) and close its store. */
const GONE_MS = 20_000

export const stopDaemon = async (
  client: Client,
  options: StopOptions
): Promise<{ readonly ending: ReadonlyArray<string> }> => {
  const status = await client.call("daemon.status", {})
  if (!options.yes && !status.outliveStop) {
    const { sessions } = await client.call("session.list", {})
    if (sessions.length > 0) await confirm(sessions.map((session) => session.name))
  }
  const gone = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), GONE_MS)
    lastWord(client).then(() => {
      clearTimeout(timer)
      resolve(true)
    })
  })
  const result = await client.call("daemon.shutdown", { reason: options.reason })
  if (!(await gone)) {
    throw new CommandFailed(
      `the daemon (pid ${status.pid}) is still there after ${GONE_MS / 1000} s`,
      ExitCode.TimedOut
    )
  }
  return result
}

/** Resolves when the daemon closes an open subscription: the last thing it does before it exits. */
const lastWord = async (client: Client): Promise<void> => {
  const watching = new Client({ socket: client.socket })
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
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new CommandFailed(`${count} with the daemon: ${list}. Give --yes to stop it anyway.`, ExitCode.Conflict)
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`${count} with the daemon: ${list}. Stop it? [y/N] `)
  terminal.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandFailed("nothing was stopped")
}
