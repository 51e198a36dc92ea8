import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { addressArg } from "../../Arguments.ts"
import { Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class AgentDelete extends AgentctlCommand {
  static override summary = "Delete an agent; its messages stay, its name is free."
  static override examples = ['<%= config.bin %> <%= command.id %> @builder --reason "its work is done"']
  static override args = { agent: addressArg() }
  static override flags = { reason: Flags.string({ summary: "Why, for the record.", helpValue: "TEXT" }) }

  async run() {
    const { args, flags } = await this.parse(AgentDelete)
    const { reason } = flags
    const agent = await this.client().call("agent.delete", {
      agent: args.agent,
      ...given({ reason }),
      ...standing()
    })
    this.log(`@${agent.name} deleted`)
    return agent
  }
}
