import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Args, Flags } from "../../Oclif.ts"
import { standing } from "../../standing.ts"

export default class MessageArchive extends AgentctlCommand {
  static override summary = "Put messages away, out of your inbox."
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
    return result
  }
}
