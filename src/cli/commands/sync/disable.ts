import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { standing } from "../../standing.ts"

export default class SyncDisable extends AgentctlCommand {
  static override summary = "Keep this workspace on this machine from now on."
  static override description =
    "Nothing is sent or received any more. What others have got already, and what is on the branch, stays there."

  async run() {
    await this.parse(SyncDisable)
    const result = await this.client().call("sync.disable", standing())
    this.log(result.disabled ? "Nothing of it leaves this machine any more." : "It was not enabled.")
    return result
  }
}
