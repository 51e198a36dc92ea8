import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { messageArg } from "../../Arguments.ts"
import { Args, Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class MessageEdit extends AgentctlCommand {
  static override summary = "Change a message of yours; what it said before is kept."
  static override examples = ["<%= config.bin %> <%= command.id %> msg_01JZ8Q4V6T9W2X5Y7Z0A3B6C9D it is on main now"]
  static override args = {
    message: messageArg(),
    text: Args.string({ multiple: true, ignoreStdin: true, description: "What it is to say, or - for standard input." })
  }
  static override flags = {
    file: Flags.string({ char: "f", summary: "Say what is in this file.", helpValue: "FILE" }),
    data: Flags.string({ summary: "Something structured that goes with it. Default: as before.", helpValue: "JSON" }),
    format: Flags.string({ summary: "What the text is. Default: as before.", options: ["markdown", "plain", "json"] })
  }

  async run() {
    const { args, flags } = await this.parse(MessageEdit)
    const { readText } = await import("../../messages/readText.ts")
    const { textParam } = await import("../../messages/textParam.ts")
    const { parseJson } = await import("../../messages/sendText.ts")
    const text = await readText((args.text ?? []) as unknown as ReadonlyArray<string>, flags.file)
    const client = this.client()
    const message = await client.call("message.edit", {
      message: args.message,
      ...(await textParam(client, text)),
      ...given({ data: parseJson(flags.data), format: flags.format as "markdown" | undefined }),
      ...standing()
    })
    this.log(`${message.id} version ${message.version}`)
    return message
  }
}
