import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"
import { print } from "../../print.ts"

export default class DaemonMetrics extends AgentctlCommand {
  static override summary = "Print what the daemon counts and measures, for Prometheus."
  static override description =
    "Prometheus' text format: for node_exporter's textfile collector, written to a file beside and moved into place, or for a look. Starts nothing; ends with 3 when no daemon runs."
  static override enableJsonFlag = false
  static override flags = {
    sessions: Flags.boolean({ summary: "Also of each live session, with its id and name as labels." })
  }

  async run() {
    const { flags } = await this.parse(DaemonMetrics)
    const { text } = await this.client({ start: false }).call("daemon.metrics", { sessions: flags.sessions })
    print(text)
  }
}
