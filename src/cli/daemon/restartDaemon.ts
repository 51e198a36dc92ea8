/** Restarts the daemon the way that keeps sessions here: its service manager's, else in place, else by stopping and starting it. */
import { execFileSync } from "node:child_process"
import { AgentdError } from "../../client/AgentdError.ts"
import { Client } from "../../client/Client.ts"
import { ensureDaemon } from "../../client/EnsureDaemon.ts"
import { stopDaemon } from "./stopDaemon.ts"

interface Restarting {
  readonly client: Client
  /** Do not ask before sessions end. */
  readonly yes: boolean
  /** Stop it and start it again, whatever could be done instead. */
  readonly stop: boolean
  readonly note: (message: string) => void
}

export const restartDaemon = async ({ client, note, stop, yes }: Restarting) => {
  let ephemeral = false
  let ending: ReadonlyArray<string> = []
  try {
    const { ephemeral: leaves, launcher } = await client.call("daemon.status", {})
    ephemeral = leaves
    // systemd keeps terminals over a restart of its own, in every version.
    if (launcher === "systemd") execFileSync("systemctl", ["--user", "restart", "agentd.service"], { stdio: "inherit" })
    else if (stop || !(await inPlace(client)))
      ending = (await stopDaemon(client, { yes, reason: "agentctl daemon restart" })).ending
  } catch (error) {
    if (!(error instanceof AgentdError) || error.tag !== "NoDaemon") throw error
  }
  await ensureDaemon({ ephemeral, onProgress: note })
  await using fresh = new Client()
  return { ending, status: await fresh.call("daemon.status", {}) }
}

/** False where the daemon or its system does not know how; anything else that speaks against it is an error. */
const inPlace = async (client: Client): Promise<boolean> => {
  try {
    await client.call("daemon.restart", {})
    return true
  } catch (error) {
    if (error instanceof AgentdError && (error.tag === "MethodNotFound" || error.tag === "NotSupported")) return false
    throw error
  }
}
