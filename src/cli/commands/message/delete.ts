import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { messageArg } from "../../Arguments.ts"
import { Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class MessageDelete extends AgentctlCommand {
  static override summary = "Take back a message of yours."
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
