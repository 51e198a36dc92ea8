import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class AgentList extends AgentctlCommand {
  static override summary = "List the agents of this workspace."
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --live --role review --json"
  ]
  static override flags = {
    role: Flags.string({ summary: "Only agents with this role.", helpValue: "ROLE" }),
    module: Flags.string({ summary: "Only agents responsible for this.", helpValue: "TEXT" }),
    live: Flags.boolean({ summary: "Only agents that a live session acts for." }),
    all: Flags.boolean({ char: "a", summary: "Deleted ones too." })
  }

  async run() {
    const { flags } = await this.parse(AgentList)
    const { module, role } = flags
    const { agents } = await this.client().call("agent.list", {
      ...given({ role, module }),
      ...(flags.live ? { live: true } : {}),
      ...(flags.all ? { deleted: true } : {}),
      ...standing()
    })
    if (this.jsonEnabled()) return agents
    const { agentTable } = await import("../../words/AgentTable.ts")
    if (agents.length > 0) this.log(agentTable(agents))
    else if (flags.live || module !== undefined || role !== undefined) this.note("No agent fits.")
    else this.note(`No agents here. "agentctl run --agent NAME" starts a session for one.`)
    return agents
  }
}
