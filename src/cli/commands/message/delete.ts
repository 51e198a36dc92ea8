import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { messageArg } from "../../Arguments.ts"
import { Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class MessageDelete extends AgentctlCommand {
  static override summary = "Take back a message of yours."
  static override description = "Its text is shown to nobody any more; that there was a message, and who had it, stays."
  static override examples = ["<%= config.bin %> <%= command.id %> msg_01JZ8Q4V6T9W2X5Y7Z0A3B6C9D"]
  static override args = { message: messageArg() }
  static override flags = { reason: Flags.string({ summary: "Why, for the record.", helpValue: "TEXT" }) }

  async run() {
    const { args, flags } = await this.parse(MessageDelete)
    const { reason } = flags
    const message = await this.client().call("message.delete", {
      message: args.message,
      ...given({ reason }),
      ...standing()
    })
    this.log(`${message.id} deleted`)
    return message
  }
}
