import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Flags } from "../Oclif.ts"

export default class Hosts extends AgentctlCommand {
  static override summary = "List the machines that connections are kept to, and how each is doing."
  static override enableHostFlag = false
  static override flags = { quiet: Flags.boolean({ char: "q", summary: "Only names, one a line." }) }

  async run() {
    const { flags } = await this.parse(Hosts)
    const [{ listHosts }, { describeState }, { printable, table }] = await Promise.all([
      import("../../client/remote/Hosts.ts"),
      import("../../client/remote/TunnelState.ts"),
      import("../Paint.ts")
    ])
    const hosts = await listHosts()
    if (flags.quiet) for (const { name } of hosts) this.log(name)
    else if (hosts.length > 0) {
      this.log(
        table(hosts, [
          { title: "NAME", value: ({ name }) => printable(name), colour: () => "bold" },
          { title: "TARGET", value: ({ target }) => printable(target) },
          { title: "STATE", value: ({ state }) => printable(describeState(state)) }
        ])
      )
    } else if (process.stdout.isTTY) this.log(`No other machines. "agentctl connect" makes a connection to one.`)
    return hosts
  }
}
