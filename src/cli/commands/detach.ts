import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"

export default class Detach extends AgentctlCommand {
  static override summary = "Detach the clients of a session; it runs on."
  static override args = { session: sessionArg() }
  static override flags = {
    client: Flags.string({ summary: 'Only this client, as "agentctl inspect" names it.', helpValue: "CLIENT" })
  }

  async run() {
    const { args, flags } = await this.parse(Detach)
    const result = await this.client().call("session.detach", {
      session: args.session,
      ...(flags.client === undefined ? {} : { client: flags.client })
    })
    this.log(`${result.detached} detached`)
    return result
  }
}
