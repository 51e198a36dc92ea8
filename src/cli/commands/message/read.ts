import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { messageArg } from "../../Arguments.ts"
import { Flags } from "../../Oclif.ts"
import { standing } from "../../standing.ts"

export default class MessageRead extends AgentctlCommand {
  static override summary = "Print a message in full and mark it as read."
  static override examples = ["<%= config.bin %> <%= command.id %> msg_01JZ8Q4V6T9W2X5Y7Z0A3B6C9D"]
  static override args = { message: messageArg() }
  static override flags = { peek: Flags.boolean({ summary: "Do not mark it as read." }) }

  async run() {
    const { args, flags } = await this.parse(MessageRead)
    const client = this.client()
    const { whole } = await import("../../messages/wholeMessage.ts")
    const message = await whole(client, args.message)
    const { messageFull } = await import("../../words/MessageText.ts")
    this.log(messageFull(message))
    if (message.unread && !flags.peek) await client.call("message.markRead", { messages: [message.id], ...standing() })
    return message
  }
}
