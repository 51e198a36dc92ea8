import { AgentctlCommand } from "../AgentctlCommand.ts"
import { usage } from "../Arguments.ts"
import { Args } from "../Oclif.ts"

export default class Rpc extends AgentctlCommand {
  static override summary = "Call any method of the daemon and print its result as JSON."
  static override examples = [
    "<%= config.bin %> <%= command.id %> health",
    `<%= config.bin %> <%= command.id %> session.get '{"session":"-"}'`
  ]
  static override args = {
    method: Args.string({ required: true, ignoreStdin: true, description: 'Its name; "rpc rpc.discover" lists them.' }),
    params: Args.string({ ignoreStdin: true, description: "Its parameters, a JSON object." })
  }

  async run() {
    const { args } = await this.parse(Rpc)
    const result = await this.client().request(args.method, args.params === undefined ? {} : json(args.params))
    this.logJson(result)
  }
}

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw usage(`the parameters are not JSON: ${(cause as Error).message}`)
  }
}
