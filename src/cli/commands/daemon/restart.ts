import { execFileSync } from "node:child_process"
import { AgentdError } from "../../../client/AgentdError.ts"
import { Client } from "../../../client/Client.ts"
import { ensureDaemon } from "../../../client/EnsureDaemon.ts"
import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"
import { stopDaemon } from "../../stopDaemon.ts"

export default class DaemonRestart extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Stop the daemon and start it again."
  static override flags = { yes: Flags.boolean({ char: "y", summary: "Do not ask." }) }

  async run() {
    const { flags } = await this.parse(DaemonRestart)
    let ephemeral = false
    let ending: ReadonlyArray<string> = []
    try {
      const client = this.client({ start: false })
      const { ephemeral: leaves, launcher } = await client.call("daemon.status", {})
      ephemeral = leaves
      // systemd keeps terminals over a restart of its own, in every version.
      if (launcher === "systemd")
        execFileSync("systemctl", ["--user", "restart", "agentd.service"], { stdio: "inherit" })
      else ending = (await stopDaemon(client, { yes: flags.yes, reason: "agentctl daemon restart" })).ending
    } catch (error) {
      if (!(error instanceof AgentdError) || error.tag !== "NoDaemon") throw error
    }
    await ensureDaemon({ ephemeral, onProgress: (message) => this.note(message) })
    await using fresh = new Client()
    const status = await fresh.call("daemon.status", {})
    this.log(`Running: pid ${status.pid}, agentd ${status.version}`)
    return { ending, status }
  }
}
