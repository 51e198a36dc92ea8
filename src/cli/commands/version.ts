import { AgentctlCommand } from "../AgentctlCommand.ts"
import { version } from "../Version.ts"

export default class Version extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Print the versions of agentctl, of Node, and of the daemon if one runs."

  async run() {
    await this.parse(Version)
    const daemon = await this.client({ start: false })
      .call("hello", {})
      .then(
        (hello) => hello.server.version,
        () => null
      )
    this.log(`agentctl ${version} (node ${process.versions.node}, ${process.platform}-${process.arch})`)
    if (daemon !== null)
      this.log(`agentd   ${daemon}${daemon === version ? "" : ` ("agentctl daemon restart" brings it to ${version})`}`)
    return { agentctl: version, node: process.versions.node, daemon }
  }
}
