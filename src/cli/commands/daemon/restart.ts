import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { restartDaemon } from "../../daemon/restartDaemon.ts"
import { Flags } from "../../Oclif.ts"

export default class DaemonRestart extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Have the installed version of the daemon take over from the one that runs."
  static override description =
    "Sessions and clients go on: under systemd through its descriptor store, elsewhere on Linux because the daemon's process becomes the new version in place. If that version would not start, nothing happens and it says why. Where there is no such way the daemon is stopped and started again, after asking."
  static override flags = {
    stop: Flags.boolean({ summary: "Stop it and start it again, though its sessions may end with it." }),
    yes: Flags.boolean({ char: "y", summary: "Do not ask." })
  }

  async run() {
    const { flags } = await this.parse(DaemonRestart)
    const done = await restartDaemon({
      client: this.client({ start: false }),
      stop: flags.stop,
      yes: flags.yes,
      note: (message) => this.note(message)
    })
    this.log(`Running: pid ${done.status.pid}, agentd ${done.status.version}`)
    return done
  }
}
