import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { printable } from "../../Paint.ts"
import { standing } from "../../standing.ts"

export default class AgentWhoami extends AgentctlCommand {
  static override summary = "Print who the kernel says you are: an agent, a person, or a session without an agent."

  static override description =
    "The kernel says which process asks, its session says which agent it acts for; no flag and no variable makes it somebody else. A workspace is a git repository with all its working trees, or all that lies outside of one."

  async run() {
    await this.parse(AgentWhoami)
    const who = await this.client().call("agent.whoami", standing())
    if (this.jsonEnabled()) return who
    const { agentFacts } = await import("../../words/AgentTable.ts")
    const place = who.workspace?.path ?? (who.workspace === null ? "none yet" : "home: no repository")
    const workspace = `\nworkspace   ${printable(place)}`
    if (who.agent !== null) this.log(`${agentFacts(who.agent)}${workspace}`)
    else if (who.kind === "person") this.log(`${who.address}, a person who has not said anything here yet`)
    else this.log(`session ${who.session}, which acts for no agent; "agentctl agent register NAME" gives it one`)
    return who
  }
}
