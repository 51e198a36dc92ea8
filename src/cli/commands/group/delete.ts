import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Args } from "../../Oclif.ts"
import { standing } from "../../standing.ts"

export default class GroupDelete extends AgentctlCommand {
  static override summary = "Delete a group; its members stay."
  static override examples = ["<%= config.bin %> <%= command.id %> backend"]
  static override args = {
    group: Args.string({ required: true, ignoreStdin: true, description: "The group's name." })
  }

  async run() {
    const { args } = await this.parse(GroupDelete)
    const result = await this.client().call("group.delete", { group: args.group, ...standing() })
    this.log(`@${args.group} deleted`)
    return result
  }
}
