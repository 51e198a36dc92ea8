import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { standing } from "../../standing.ts"

export default class AgentWhoami extends AgentctlCommand {
  static override summary = "Print who the kernel says you are: an agent, a person, or a session without an agent."

  async run() {
    await this.parse(AgentWhoami)
    const who = await this.client().call("agent.whoami", standing())
    if (this.jsonEnabled()) return who
    const { agentFacts } = await import("../../words/AgentTable.ts")
    if (who.agent !== null) this.log(agentFacts(who.agent))
    else if (who.kind === "person") this.log("a person who has not said anything here yet")
    else this.log(`session ${who.session}, which acts for no agent; "agentctl agent register NAME" gives it one`)
    return who
  }
}
