import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"
import { refuseToEndSessions } from "../../service/liveSessions.ts"
import { surroundings } from "../../service/Surroundings.ts"
import { supervisorOf } from "../../service/supervisorOf.ts"

export default class ServiceUninstall extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Stop the daemon, and have the service manager forget it."
  static override description =
    "Removes what install wrote; records of sessions stay. It needs --yes while sessions live, because nobody would look after them."
  static override flags = { yes: Flags.boolean({ char: "y", summary: "Even if sessions end with it." }) }

  async run() {
    const { flags } = await this.parse(ServiceUninstall)
    if (!flags.yes) await refuseToEndSessions(this.client({ start: false }))
    const done = supervisorOf(surroundings()).uninstall()
    this.log(done.join("\n"))
    return { done }
  }
}
