import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Args, Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class AgentRegister extends AgentctlCommand {
  static override summary = "Register an agent, or take up one that is there; this session then acts for it."
  static override description =
    "The name is unique in its workspace: the git repository, or all that lies outside of one. An agent that nothing acts for is taken up again from the working tree it belongs to, from another one with --move. Outside of a session the agent is only made known, unless --session names one."
  static override examples = [
    "<%= config.bin %> <%= command.id %> reviewer --role review",
    "<%= config.bin %> run --agent reviewer -- claude"
  ]
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: "1 to 64 of a-z, 0-9, dot, dash, underscore." })
  }
  static override flags = {
    role: Flags.string({ summary: "What it does; an address, too.", helpValue: "ROLE" }),
    module: Flags.string({ summary: "The part of the work it is responsible for.", helpValue: "TEXT" }),
    display: Flags.string({ summary: "Its name for people.", helpValue: "TEXT" }),
    session: Flags.string({ summary: "The session that is to act for it.", helpValue: "SESSION" }),
    move: Flags.boolean({ summary: "Take it over from another working tree." })
  }

  async run() {
    const { args, flags } = await this.parse(AgentRegister)
    const { display, module, role, session } = flags
    const result = await this.client().call("agent.register", {
      name: args.name,
      ...given({ role, module, display, session }),
      ...(flags.move ? { move: true } : {}),
      ...standing()
    })
    const acting = result.agent.session === null ? "" : `; session ${result.agent.session.name} acts for it`
    this.log(`${result.agent.address} ${result.outcome}${acting}`)
    if (!this.jsonEnabled() && result.outcome === "registered" && acting === "")
      this.note(`Nothing acts for it yet: "agentctl run --agent ${result.agent.name} -- PROGRAM".`)
    return result
  }
}
