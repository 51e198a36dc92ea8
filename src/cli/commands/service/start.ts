import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { surroundings } from "../../service/Surroundings.ts"
import { supervisorOf } from "../../service/supervisorOf.ts"

export default class ServiceStart extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Start the daemon through its supervisor."

  async run() {
    await this.parse(ServiceStart)
    const done = supervisorOf(surroundings()).start()
    this.log(done.join("\n"))
    return { done }
  }
}
