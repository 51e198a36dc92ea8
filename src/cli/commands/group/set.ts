import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Args, Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class GroupSet extends AgentctlCommand {
  static override summary = "Make a group of agents, or change its members."
  static override examples = ["<%= config.bin %> <%= command.id %> backend --add @api --add @db"]
  static override description =
    "Whoever writes to @NAME then writes to all of its members; who joins later does not get what was said before."
  static override args = {
    group: Args.string({ required: true, ignoreStdin: true, description: "The group's name." })
  }
  static override flags = {
    add: Flags.string({ summary: "A member it gets; may be repeated.", multiple: true, multipleNonGreedy: true }),
    remove: Flags.string({ summary: "A member it loses; may be repeated.", multiple: true, multipleNonGreedy: true })
  }

  async run() {
    const { args, flags } = await this.parse(GroupSet)
    const { add, remove } = flags
    const group = await this.client().call("group.set", {
      group: args.group,
      ...given({ add, remove }),
      ...standing()
    })
    this.log(`@${group.name}: ${group.members.map(({ name }) => `@${name}`).join(" ") || "nobody"}`)
    return group
  }
}
