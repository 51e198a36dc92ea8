import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Args } from "../Oclif.ts"

export default class Help extends AgentctlCommand {
  static override summary = "Explain agentctl or one of its commands."
  static override enableJsonFlag = false
  static override strict = false
  static override args = { command: Args.string({ ignoreStdin: true, description: "The command." }) }

  async run() {
    const { argv } = await this.parse(Help)
    const { showHelp } = await import("../showHelp.ts")
    await showHelp(argv as Array<string>)
  }
}
