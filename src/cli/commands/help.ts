import { AgentctlCommand } from "../AgentctlCommand.ts"
import { usage } from "../Arguments.ts"
import { findCommand, tableOf } from "../CommandTable.ts"
import { Args } from "../Oclif.ts"

export default class Help extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Explain agentctl or one of its commands."
  static override enableJsonFlag = false
  static override strict = false
  static override args = { command: Args.string({ ignoreStdin: true, description: "The command." }) }

  async run() {
    const words = (await this.parse(Help)).argv as Array<string>
    const table = tableOf(this.config)
    const subject = words.join(" ")
    if (words.length > 0 && findCommand(table, words) === undefined && !Object.hasOwn(table.topics, subject)) {
      throw usage(`there is no command "${subject}". "agentctl help" lists them.`)
    }
    const { showHelp } = await import("../showHelp.ts")
    await showHelp(table, words)
  }
}
