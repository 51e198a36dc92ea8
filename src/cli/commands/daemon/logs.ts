import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { hasUnit, logFile } from "../../../client/EnsureDaemon.ts"
import { ExitCode } from "../../../contract/ErrorCodes.ts"
import { AgentctlCommand, CommandFailed } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"

export default class DaemonLogs extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Print the daemon's log."
  static override description = "From the journal where agentd is a systemd service, else from its log file."
  static override enableJsonFlag = false
  static override flags = {
    follow: Flags.boolean({ char: "f", summary: "Go on with new lines." }),
    lines: Flags.integer({ char: "n", summary: "So many lines.", default: 50, min: 0 })
  }

  async run() {
    const { flags } = await this.parse(DaemonLogs)
    const journal = hasUnit(process.env)
    const file = logFile()
    if (!journal && !existsSync(file)) {
      throw new CommandFailed(
        `there is no log yet: no daemon has been started by a client (${file})`,
        ExitCode.NotFound
      )
    }
    const follow = flags.follow ? ["-f"] : []
    const [program, ...args] = journal
      ? ["journalctl", "--user", "--unit", "agentd", "--lines", String(flags.lines), ...follow]
      : ["tail", "-n", String(flags.lines), ...follow, file]
    const { status, error } = spawnSync(program!, args, { stdio: "inherit" })
    if (error !== undefined) throw new CommandFailed(`${program} could not be run: ${error.message}`)
    process.exitCode = status ?? ExitCode.Failed
  }
}
