import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg } from "../Arguments.ts"
import { Args } from "../Oclif.ts"

export default class Rename extends AgentctlCommand {
  static override summary = "Give a session another name."
  static override args = {
    session: sessionArg(),
    name: Args.string({ required: true, ignoreStdin: true, description: "1 to 64 of a-z, 0-9, dot, dash, underscore." })
  }

  async run() {
    const { args } = await this.parse(Rename)
    const session = await this.client().call("session.rename", { session: args.session, name: args.name })
    this.log(session.name)
    return session
  }
}
