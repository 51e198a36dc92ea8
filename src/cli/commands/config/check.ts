import { resolve } from "node:path"
import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { askDaemonProgram, exitCodeFor } from "../../daemon/daemonProgram.ts"
import { Args } from "../../Oclif.ts"

export default class ConfigCheck extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Say whether a configuration file is right, and where it is not."
  static override description = "Needs no daemon. Ends with 2 if the file is wrong."
  static override args = {
    file: Args.string({ required: true, ignoreStdin: true, description: "The file, as agentd.toml." })
  }

  async run() {
    const { args } = await this.parse(ConfigCheck)
    const { status, stdout, stderr } = askDaemonProgram(["--check-config", resolve(args.file)])
    const message = `${stdout}${stderr}`.trim()
    if (status === 0) this.log(message || `${args.file} is right.`)
    else if (!this.jsonEnabled()) this.note(message)
    process.exitCode = exitCodeFor(status)
    return { file: resolve(args.file), ok: status === 0, message }
  }
}
