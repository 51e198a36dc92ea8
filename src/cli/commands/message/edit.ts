import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { messageArg } from "../../Arguments.ts"
import { Args, Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class MessageEdit extends AgentctlCommand {
  static override summary = "Change a message of yours; what it said before is kept."
  static override args = {
    message: messageArg(),
    text: Args.string({ multiple: true, ignoreStdin: true, description: "What it is to say, or - for standard input." })
  }
  static override flags = {
    file: Flags.string({ char: "f", summary: "Say what is in this file.", helpValue: "FILE" }),
    format: Flags.string({ summary: "What the text is. Default: as before.", options: ["markdown", "plain", "json"] })
  }

  async run() {
    const { args, flags } = await this.parse(MessageEdit)
    const { readText } = await import("../../messages/readText.ts")
    const { textParam } = await import("../../messages/textParam.ts")
    const text = await readText((args.text ?? []) as unknown as ReadonlyArray<string>, flags.file)
    const client = this.client()
    const message = await client.call("message.edit", {
      message: args.message,
      ...(await textParam(client, text)),
      ...given({ format: flags.format as "markdown" | undefined }),
      ...standing()
    })
    this.log(`${message.id} version ${message.version}`)
    return message
  }
}
