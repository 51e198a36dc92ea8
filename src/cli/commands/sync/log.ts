import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class SyncLog extends AgentctlCommand {
  static override summary = "Print the last exchanges of this workspace, newest first."
  static override description =
    "Those that brought nothing are left out, and a failure is listed once until it changes."
  static override flags = {
    limit: Flags.integer({ char: "n", summary: "How many. Default: 20.", min: 1, max: 500 })
  }

  async run() {
    const { flags } = await this.parse(SyncLog)
    const { limit } = flags
    const { runs } = await this.client().call("sync.log", { ...given({ limit }), ...standing() })
    if (this.jsonEnabled()) return runs
    const { runLine } = await import("../../words/SyncText.ts")
    if (runs.length === 0) this.note('Nothing has been exchanged yet. "agentctl sync status" says why.')
    for (const run of runs) this.log(runLine(run))
    return runs
  }
}
