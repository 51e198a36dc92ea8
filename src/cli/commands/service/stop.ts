import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"
import { refuseToEndSessions } from "../../service/liveSessions.ts"
import { surroundings } from "../../service/Surroundings.ts"
import { supervisorOf } from "../../service/supervisorOf.ts"

export default class ServiceStop extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Stop the daemon through its supervisor."
  static override description =
    "Where sessions do not outlive a stopped daemon (systemd before 254, launchd), it needs --yes while there are any."
  static override flags = { yes: Flags.boolean({ char: "y", summary: "Even if sessions end with it." }) }

  async run() {
    const { flags } = await this.parse(ServiceStop)
    const supervisor = supervisorOf(surroundings())
    if (!flags.yes && !supervisor.keepsSessions()) await refuseToEndSessions(this.client({ start: false }))
    const done = supervisor.stop()
    this.log(done.join("\n"))
    return { done }
  }
}
