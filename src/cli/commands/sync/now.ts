import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { standing } from "../../standing.ts"

export default class SyncNow extends AgentctlCommand {
  static override summary = "Exchange this workspace with its remote now, and wait for the end of it."

  async run() {
    await this.parse(SyncNow)
    const outcome = await this.client().call("sync.force", standing())
    const { quarantined, received, sent } = outcome
    this.log(`received ${received}, sent ${sent}${quarantined === 0 ? "" : `, ${quarantined} left aside`}`)
    return outcome
  }
}
