import { ExitCode } from "../../../contract/errors/ErrorCodes.ts"
import { AgentctlCommand, CommandFailed } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class SyncEnable extends AgentctlCommand {
  static override summary = "Exchange agents and messages of this repository through its remote."
  static override description =
    "Shows what would leave this machine, and asks. Without a terminal nothing is enabled unless --yes says so. Only people may; an agent may not."
  static override flags = {
    remote: Flags.string({ summary: "The remote's name. Default: origin.", helpValue: "NAME" }),
    yes: Flags.boolean({ char: "y", summary: "Do not ask." }),
    public: Flags.boolean({ summary: "Also through a remote that anybody can read." }),
    "dry-run": Flags.boolean({ char: "n", summary: "Only show what would leave." })
  }

  async run() {
    const { flags } = await this.parse(SyncEnable)
    const { remote } = flags
    const client = this.client()
    const plan = await client.call("sync.enable", { ...given({ remote }), ...standing() })
    const { planText } = await import("../../words/SyncText.ts")
    if (!this.jsonEnabled()) this.log(planText(plan))
    if (flags["dry-run"]) return plan
    if (plan.public === true && !flags.public) {
      throw new CommandFailed(
        `Anybody can read ${plan.remote}. Nothing was enabled; --public says that it is meant.`,
        ExitCode.Conflict
      )
    }
    const { agreed } = await import("../../agreed.ts")
    const answer = flags.yes || (await agreed("\nEnable it?"))
    if (answer !== true) {
      const way = answer === null ? "; --yes says that it is meant" : ""
      throw new CommandFailed(`Nothing was enabled${way}.`, ExitCode.Conflict)
    }
    const enabled = await client.call("sync.enable", {
      ...given({ remote }),
      confirm: plan.remote,
      ...(flags.public ? { public: true } : {}),
      ...standing()
    })
    if (!this.jsonEnabled()) this.log('It is exchanged from now on; "agentctl sync status" says how that goes.')
    return { ...plan, enabled: enabled.enabled }
  }
}
