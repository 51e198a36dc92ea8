import type { Result } from "../../../contract/Methods.ts"
import { AgentctlCommand, CommandFailed } from "../../AgentctlCommand.ts"
import { askDaemonProgram, exitCodeFor } from "../../daemon/daemonProgram.ts"

export default class ConfigPath extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Print the configuration files in the order they are read; later ones win."

  async run() {
    await this.parse(ConfigPath)
    const { status, stdout, stderr } = askDaemonProgram(["--show-config", "--json"])
    if (status !== 0) throw new CommandFailed(stderr.trim() || stdout.trim(), exitCodeFor(status))
    const { files } = JSON.parse(stdout) as Result<"config.show">
    for (const { path, exists } of files) this.log(`${path}${exists ? "" : "  (absent)"}`)
    return { files }
  }
}
