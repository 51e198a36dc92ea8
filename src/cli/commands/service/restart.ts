import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { surroundings } from "../../service/Surroundings.ts"
import { supervisorOf } from "../../service/supervisorOf.ts"

export default class ServiceRestart extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Restart the daemon through its supervisor."

  async run() {
    await this.parse(ServiceRestart)
    const done = supervisorOf(surroundings()).restart()
    this.log(done.join("\n"))
    return { done }
  }
}
