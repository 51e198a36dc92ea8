import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { messageArg } from "../../Arguments.ts"
import { Args, Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class MessageReply extends AgentctlCommand {
  static override summary = "Answer a message."
  static override description =
    "The answer goes to its author, with --all to everybody who had it, and joins its thread."
  static override examples = ["<%= config.bin %> <%= command.id %> msg_01JZ8Q4V6T9W2X5Y7Z0A3B6C9D done, see main"]
  static override args = {
    message: messageArg(),
    text: Args.string({ multiple: true, ignoreStdin: true, description: "What to say, or - for standard input." })
  }
  static override flags = {
    all: Flags.boolean({ char: "a", summary: "To everybody who had it." }),
    file: Flags.string({ char: "f", summary: "Say what is in this file.", helpValue: "FILE" }),
    format: Flags.string({ summary: "What the text is.", options: ["markdown", "plain", "json"], default: "markdown" }),
    data: Flags.string({ summary: "Something structured that goes with it.", helpValue: "JSON" }),
    nudge: Flags.boolean({ summary: "Also tell their sessions, once they are idle and nobody types there." }),
    key: Flags.string({ summary: "Idempotency key: the same one again sends nothing new.", helpValue: "KEY" })
  }

  async run() {
    const { args, flags } = await this.parse(MessageReply)
    const { parseJson, sendText } = await import("../../messages/sendText.ts")
    return sendText(this, this.client(), (args.text ?? []) as unknown as ReadonlyArray<string>, flags.file, {
      replyTo: args.message,
      format: flags.format as "markdown",
      ...given({ key: flags.key, data: parseJson(flags.data) }),
      ...(flags.all ? { all: true } : {}),
      ...(flags.nudge ? { nudge: true } : {}),
      ...standing()
    })
  }
}
