import { resolve } from "node:path"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Args } from "../Oclif.ts"

export default class Import extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = 'Take in what "agentctl run --standalone" recorded.'
  static override args = {
    path: Args.string({ required: true, ignoreStdin: true, description: "The directory it names at its end." })
  }

  async run() {
    const { args } = await this.parse(Import)
    const result = await this.client().call("session.import", { path: resolve(args.path) })
    for (const session of result.sessions) this.log(session)
    return result
  }
}
