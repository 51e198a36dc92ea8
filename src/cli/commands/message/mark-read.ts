import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { usage } from "../../Arguments.ts"
import { Args, Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class MessageMarkRead extends AgentctlCommand {
  static override summary = "Mark messages as read without printing them."
  static override examples = ["<%= config.bin %> <%= command.id %> msg_01JZ8Q4V6T9W2X5Y7Z0A3B6C9D"]
  static override args = {
    message: Args.string({ multiple: true, ignoreStdin: true, description: "Their ids." })
  }
  static override flags = {
    "up-to": Flags.string({ summary: "All that come no later than this.", helpValue: "CURSOR" })
  }

  async run() {
    const { args, flags } = await this.parse(MessageMarkRead)
    const messages = args.message as unknown as ReadonlyArray<string> | undefined
    if (messages === undefined && flags["up-to"] === undefined) throw usage("which ones? Give their ids, or --up-to")
    const result = await this.client().call("message.markRead", {
      ...given({ messages, upTo: flags["up-to"] }),
      ...standing()
    })
    this.log(`${result.marked} marked, ${result.unread} unread`)
    const others = new Set(messages).size - result.marked
    if (!this.jsonEnabled() && flags["up-to"] === undefined && others > 0)
      this.note(`${others} not: read already, or not sent to you.`)
    return result
  }
}
