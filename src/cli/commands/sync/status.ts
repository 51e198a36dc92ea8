import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"
import { standing } from "../../standing.ts"

export default class SyncStatus extends AgentctlCommand {
  static override summary = "Print how this workspace is exchanged with other machines."
  static override description =
    "Whether it is, when that last succeeded, why it failed, what others do not have yet, how far they are, what was held back and what was not taken in."
  static override flags = {
    all: Flags.boolean({ char: "a", summary: "Every workspace that was ever enabled." })
  }

  async run() {
    const { flags } = await this.parse(SyncStatus)
    const { workspaces } = await this.client().call("sync.status", {
      ...(flags.all ? { all: true } : {}),
      ...standing()
    })
    if (this.jsonEnabled()) return workspaces
    const { statusText } = await import("../../words/SyncText.ts")
    if (workspaces.length > 0) this.log(workspaces.map(statusText).join("\n\n"))
    else if (flags.all) this.log("Nothing is exchanged with anybody.")
    else this.log("Nothing was ever said here, and nothing leaves this machine.")
    return workspaces
  }
}
