import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { standing } from "../../standing.ts"

export default class GroupList extends AgentctlCommand {
  static override summary = "List the groups of this workspace."

  async run() {
    await this.parse(GroupList)
    const { groups } = await this.client().call("group.list", standing())
    for (const { members, name } of groups)
      this.log(`@${name}: ${members.map((one) => `@${one.name}`).join(" ") || "nobody"}`)
    if (!this.jsonEnabled() && groups.length === 0)
      this.note(`No groups here. "agentctl group set NAME --add @AGENT" makes one.`)
    return groups
  }
}
