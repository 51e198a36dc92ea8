import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { addressArg } from "../../Arguments.ts"
import { standing } from "../../standing.ts"

export default class AgentShow extends AgentctlCommand {
  static override summary = "Print whom an address means."
  static override examples = [
    "<%= config.bin %> <%= command.id %> @reviewer",
    "<%= config.bin %> <%= command.id %> everyone"
  ]
  static override args = { agent: addressArg() }

  async run() {
    const { args } = await this.parse(AgentShow)
    const { agents } = await this.client().call("agent.lookup", { agent: args.agent, ...standing() })
    if (this.jsonEnabled()) return agents
    const { agentFacts } = await import("../../words/AgentTable.ts")
    this.log(agents.map(agentFacts).join("\n\n"))
    return agents
  }
}
