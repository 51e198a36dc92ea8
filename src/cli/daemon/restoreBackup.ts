/** Has a backup put back: by the daemon, which then makes way for the next one, or by its program where none runs or can run. */
import { resolve } from "node:path"
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import { ensureDaemon } from "../../client/EnsureDaemon.ts"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import type { Result } from "../../contract/Methods.ts"
import { CommandFailed } from "../AgentctlCommand.ts"
import { agreed } from "../agreed.ts"
import { askDaemonProgram } from "./daemonProgram.ts"
import { untilGone } from "./stopDaemon.ts"

interface Restoring {
  readonly client: Client
  readonly backup: string
  readonly from: string | undefined
  readonly config: boolean
  /** Do not ask. */
  readonly yes: boolean
  readonly note: (message: string) => void
}

interface Restored extends Result<"backup.restore"> {
  /** Where what was there before was put, if it could not be backed up. */
  readonly aside: string | null
}

/** What stands for "no daemon runs", or "none can". */
const NO_DAEMON: ReadonlySet<string> = new Set(["NoDaemon", "StartFailed"])

export const restoreBackup = async (restoring: Restoring): Promise<Restored> => {
  const { client, note, yes } = restoring
  const ephemeral = await ephemeralOf(client)
  if (!yes) await confirm()
  const done = ephemeral === null ? byProgram(restoring) : await byDaemon(restoring)
  await ensureDaemon({ socket: client.socket, ephemeral: ephemeral ?? true, onProgress: note })
  return done
}

/** Whether the daemon leaves by itself; null when there is none. */
const ephemeralOf = async (client: Client): Promise<boolean | null> => {
  try {
    return (await client.call("daemon.status", {})).ephemeral
  } catch (error) {
    if (error instanceof AgentdError && NO_DAEMON.has(error.tag)) return null
    throw error
  }
}

const byDaemon = async ({ backup, client, config, from }: Restoring): Promise<Restored> => {
  const { pid } = await client.call("daemon.status", {})
  const gone = untilGone(client, pid)
  const params = { backup, config, ...(from === undefined ? {} : { from: resolve(from) }) }
  try {
    const done = await client.call("backup.restore", params)
    await gone.soon()
    return { ...done, aside: null }
  } finally {
    await gone.watching.close()
  }
}

const byProgram = ({ backup, config, from }: Restoring): Restored => {
  const where = from === undefined ? [] : ["--from", resolve(from)]
  const { status, stderr, stdout } = askDaemonProgram([
    "--restore",
    backup,
    ...where,
    ...(config ? ["--with-config"] : [])
  ])
  if (status !== 0) throw new CommandFailed(stderr.trim().replace(/^agentd: /, ""))
  return JSON.parse(stdout) as Restored
}

const confirm = async (): Promise<void> => {
  const what = "What the daemon keeps now is replaced (a backup of it is made first)."
  const answer = await agreed(`${what} Go on?`)
  if (answer === null) throw new CommandFailed(`${what} Give --yes if it is meant.`, ExitCode.Conflict)
  if (!answer) throw new CommandFailed("nothing was changed")
}
