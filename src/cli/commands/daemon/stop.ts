import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { stopDaemon } from "../../daemon/stopDaemon.ts"
import { Flags } from "../../Oclif.ts"

export default class DaemonStop extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Stop the daemon."
  static override description =
    "Says which live sessions end with it and asks; without a terminal it needs --yes when there are any."
  static override flags = { yes: Flags.boolean({ char: "y", summary: "Do not ask." }) }

  async run() {
    const { flags } = await this.parse(DaemonStop)
    const result = await stopDaemon(this.client({ start: false }), { yes: flags.yes, reason: "agentctl daemon stop" })
    this.log(result.ending.length === 0 ? "Stopped." : `Stopped, and with it: ${result.ending.join(", ")}`)
    return result
  }
}
