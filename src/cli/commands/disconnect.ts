import { AgentdError } from "../../client/AgentdError.ts"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Args } from "../Oclif.ts"

export default class Disconnect extends AgentctlCommand {
  static override summary = "Give up the connection to another machine."
  static override description =
    "Sessions over there go on. Who is attached to them is told that the connection is gone."
  static override enableHostFlag = false
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'As "agentctl hosts" calls it.' })
  }

  async run() {
    const { args } = await this.parse(Disconnect)
    const [{ follow }, { tunnelFiles }] = await Promise.all([
      import("../../client/remote/Hosts.ts"),
      import("../../client/remote/TunnelFiles.ts")
    ])
    const following = await follow(tunnelFiles(args.name).supervisor, () => {})
    if (following === null) {
      throw new AgentdError(
        "NoHost",
        `There is no connection to "${args.name}". "agentctl hosts" lists those there are.`,
        {
          data: { host: args.name }
        }
      )
    }
    following.order("stop")
    await following.gone
    this.log(`Disconnected from ${args.name}.`)
    return { name: args.name }
  }
}
