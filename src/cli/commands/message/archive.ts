import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Args, Flags } from "../../Oclif.ts"
import { standing } from "../../standing.ts"

export default class MessageArchive extends AgentctlCommand {
  static override summary = "Put messages away, out of your inbox."
  static override description = "They are found again with `agentctl inbox --archive`, and in their threads."
  static override examples = [
    "<%= config.bin %> <%= command.id %> msg_01JZ8Q4V6T9W2X5Y7Z0A3B6C9D",
    "<%= config.bin %> <%= command.id %> --undo msg_01JZ8Q4V6T9W2X5Y7Z0A3B6C9D"
  ]
  static override args = {
    message: Args.string({ required: true, multiple: true, ignoreStdin: true, description: "Their ids." })
  }
  static override flags = { undo: Flags.boolean({ summary: "Take them out again." }) }

  async run() {
    const { args, flags } = await this.parse(MessageArchive)
    const messages = args.message as unknown as ReadonlyArray<string>
    const result = await this.client().call("message.archive", {
      messages,
      ...(flags.undo ? { undo: true } : {}),
      ...standing()
    })
    this.log(`${result.changed} ${flags.undo ? "taken out" : "put away"}`)
    const others = new Set(messages).size - result.changed
    if (!this.jsonEnabled() && others > 0)
      this.note(`${others} not: ${flags.undo ? "not put away" : "put away already, deleted,"} or not sent to you.`)
    return result
  }
}
