import { ensureDaemon } from "../../../client/EnsureDaemon.ts"
import { AgentctlCommand } from "../../AgentctlCommand.ts"

export default class DaemonStart extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Start the daemon, unless one runs."
  static override description =
    "Through the service manager where agentd's unit is installed, else as a process of its own. Commands that need a daemon start one by themselves; that one ends when nobody uses it, this one stays."

  async run() {
    await this.parse(DaemonStart)
    const { started } = await ensureDaemon({ ephemeral: false, onProgress: (message) => this.note(message) })
    const status = await this.client({ start: false }).call("daemon.status", {})
    this.log(
      `${started ? "Started" : "Already running"}: pid ${status.pid}, agentd ${status.version}, ${status.socket}`
    )
    return { started, status }
  }
}
