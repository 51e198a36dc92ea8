import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Args, Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class AgentStatus extends AgentctlCommand {
  static override summary = "Say how you are doing."
  static override examples = ['<%= config.bin %> <%= command.id %> blocked "waiting for @reviewer"']
  static override args = {
    status: Args.string({
      required: true,
      ignoreStdin: true,
      options: ["working", "idle", "blocked", "stuck"],
      description: "How it is going."
    }),
    note: Args.string({ ignoreStdin: true, description: "A sentence about it." })
  }
  static override flags = {
    agent: Flags.string({ summary: "Another agent than yourself; only for people.", helpValue: "@NAME" })
  }

  async run() {
    const { args, flags } = await this.parse(AgentStatus)
    const agent = await this.client().call("agent.setStatus", {
      status: args.status as "working",
      ...given({ note: args.note, agent: flags.agent }),
      ...standing()
    })
    this.log(`${agent.address} ${agent.status}`)
    return agent
  }
}
