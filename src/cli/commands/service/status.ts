import { ExitCode } from "../../../contract/errors/ErrorCodes.ts"
import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { printable } from "../../Paint.ts"
import { surroundings } from "../../service/Surroundings.ts"
import { supervisorOf } from "../../service/supervisorOf.ts"

export default class ServiceStatus extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Who looks after the daemon, and whether anything is in the way."
  static override description = "Ends with 3 when no service manager does."

  async run() {
    await this.parse(ServiceStatus)
    const status = supervisorOf(surroundings()).status()
    const rows: ReadonlyArray<readonly [string, string]> = [
      ["supervisor", status.supervisor],
      ["installed", status.installed ? "yes" : 'no ("agentctl service install")'],
      ["running", status.running ? "yes" : status.installed ? "no; the first command starts it" : "no"],
      ["defined in", status.definition ?? "-"],
      ["environment", status.environment ?? "-"]
    ]
    this.log(rows.map(([title, value]) => `${title.padEnd(11)}  ${printable(value)}`).join("\n"))
    for (const note of status.notes) this.log(`note         ${printable(note)}`)
    if (!status.installed) process.exitCode = ExitCode.NoDaemon
    return status
  }
}
