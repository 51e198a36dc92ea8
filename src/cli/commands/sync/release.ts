import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Args, Flags } from "../../Oclif.ts"
import { standing } from "../../standing.ts"

export default class SyncRelease extends AgentctlCommand {
  static override summary = "Let a message leave that was held back because it looks as if it held a secret."
  static override description = "Either way others get it once, and it cannot be taken back from them. Only people may."
  static override args = {
    event: Args.string({ required: true, ignoreStdin: true, description: "As agentctl sync status lists it." })
  }
  static override flags = {
    redacted: Flags.boolean({ summary: "With a mark in the place of each secret." })
  }

  async run() {
    const { args, flags } = await this.parse(SyncRelease)
    const result = await this.client().call("sync.release", {
      event: args.event,
      ...(flags.redacted ? { redacted: true } : {}),
      ...standing()
    })
    this.log(`${args.event} leaves with the next exchange.`)
    return result
  }
}
