import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { surroundings } from "../../service/Surroundings.ts"
import { supervisorOf } from "../../service/supervisorOf.ts"

export default class ServiceRestart extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Restart the daemon through its supervisor, or without one as `daemon restart` does."

  async run() {
    await this.parse(ServiceRestart)
    const supervisor = supervisorOf(surroundings())
    const done = supervisor.status().supervisor === "none" ? await this.#itself() : supervisor.restart()
    this.log(done.join("\n"))
    return { done }
  }

  async #itself(): Promise<ReadonlyArray<string>> {
    const { restartDaemon } = await import("../../daemon/restartDaemon.ts")
    const client = this.client({ start: false })
    const note = (message: string) => this.note(message)
    const { status } = await restartDaemon({ client, stop: false, yes: false, note })
    return [`Running: pid ${status.pid}, agentd ${status.version}`]
  }
}
