import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { duration } from "../../Arguments.ts"
import { Flags } from "../../Oclif.ts"
import { standing } from "../../standing.ts"

export default class AgentCleanup extends AgentctlCommand {
  static override summary = "Delete agents that were left behind: long silent, or without their working tree."
  static override examples = ["<%= config.bin %> <%= command.id %> --dry-run --older-than 7d"]
  static override flags = {
    "older-than": Flags.custom<number>({ parse: duration })({
      summary: "How long an agent must have been silent. Default: 30d.",
      helpValue: "30d"
    }),
    "dry-run": Flags.boolean({ char: "n", summary: "Only print which ones." })
  }

  async run() {
    const { flags } = await this.parse(AgentCleanup)
    const result = await this.client().call("agent.cleanup", {
      ...(flags["older-than"] === undefined ? {} : { olderThanMs: flags["older-than"] }),
      ...(flags["dry-run"] ? { dryRun: true } : {}),
      ...standing()
    })
    for (const agent of result.agents) this.log(`@${agent.name}${result.deleted ? " deleted" : ""}`)
    if (!this.jsonEnabled() && result.agents.length === 0) this.note("Nobody was left behind.")
    return result
  }
}
