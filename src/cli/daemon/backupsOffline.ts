/** What the daemon's program says of backups where no daemon can be started: then most of all somebody has to know. */
import { AgentdError } from "../../client/AgentdError.ts"
import { CommandFailed } from "../AgentctlCommand.ts"
import { askDaemonProgram } from "./daemonProgram.ts"

interface Asking<A> {
  readonly ask: () => Promise<A>
  /** The same, of the program. */
  readonly args: ReadonlyArray<string>
  readonly note: (message: string) => void
}

export const orByProgram = async <A>({ args, ask, note }: Asking<A>): Promise<A> => {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof AgentdError) || error.tag !== "StartFailed") throw error
    note('No daemon can be started, so this is read without one; "agentctl doctor" says why.')
    const { status, stderr, stdout } = askDaemonProgram(args)
    if (status !== 0) throw new CommandFailed(stderr.trim().replace(/^agentd: /, ""))
    return JSON.parse(stdout) as A
  }
}
