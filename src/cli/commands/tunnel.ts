import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Flags } from "../Oclif.ts"

/** The program of the session that keeps a connection; started by `connect`. */
export default class Tunnel extends AgentctlCommand {
  static override summary = "Keep a connection to another machine, in the foreground."
  static override hidden = true
  static override enableJsonFlag = false
  static override enableHostFlag = false
  static override flags = {
    name: Flags.string({ required: true }),
    target: Flags.string({ required: true }),
    agentctl: Flags.string({ required: true }),
    option: Flags.string({ multiple: true, multipleNonGreedy: true })
  }

  async run() {
    const { flags } = await this.parse(Tunnel)
    const [{ supervise }, { describeState }, { tunnelFiles }] = await Promise.all([
      import("../../client/remote/Supervisor.ts"),
      import("../../client/remote/TunnelState.ts"),
      import("../../client/remote/TunnelFiles.ts")
    ])
    await supervise({
      name: flags.name,
      target: flags.target,
      files: tunnelFiles(flags.name),
      options: flags.option ?? [],
      agentctl: flags.agentctl,
      onState: (state) => this.log(`[${flags.name}: ${describeState(state)}]`)
    })
  }
}
