import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"

export default class Rm extends AgentctlCommand {
  static override summary = "Forget an ended session and delete its transcript."
  static override args = { session: sessionArg() }
  static override flags = { force: Flags.boolean({ char: "f", summary: "Stop it first if it runs." }) }

  async run() {
    const { args, flags } = await this.parse(Rm)
    const result = await this.client().call("session.remove", {
      session: args.session,
      ...(flags.force ? { force: true } : {})
    })
    this.log(`${result.id} removed`)
    return result
  }
}
