import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { messageArg } from "../../Arguments.ts"
import { printable } from "../../Paint.ts"
import { standing } from "../../standing.ts"

export default class MessageHistory extends AgentctlCommand {
  static override summary = "Print what a message said before it was edited."
  static override args = { message: messageArg() }

  async run() {
    const { args } = await this.parse(MessageHistory)
    const { versions } = await this.client().call("message.history", { message: args.message, ...standing() })
    for (const { at, text, version } of versions) {
      this.log(`${version}  ${new Date(at).toISOString()}  ${printable(text)}`)
    }
    return versions
  }
}
