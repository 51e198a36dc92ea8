import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { messageArg } from "../../Arguments.ts"
import { standing } from "../../standing.ts"
import { readable } from "../../words/MessageText.ts"

export default class MessageHistory extends AgentctlCommand {
  static override summary = "Print what a message said before it was edited."
  static override description =
    "The oldest first, of each its beginning. `agentctl message read` prints all of what it says now."
  static override examples = ["<%= config.bin %> <%= command.id %> msg_01JZ8Q4V6T9W2X5Y7Z0A3B6C9D"]
  static override args = { message: messageArg() }

  async run() {
    const { args } = await this.parse(MessageHistory)
    const { versions } = await this.client().call("message.history", { message: args.message, ...standing() })
    for (const { at, text, version } of versions) {
      const head = `${version}  ${new Date(at).toISOString()}  `
      // Further lines stand below the first.
      this.log(
        head +
          text
            .split("\n")
            .map(readable)
            .join(`\n${" ".repeat(head.length)}`)
      )
    }
    if (!this.jsonEnabled() && versions.length === 0) this.note("It was deleted; what it said is shown to nobody.")
    return versions
  }
}
