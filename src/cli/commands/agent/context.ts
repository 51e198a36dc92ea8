import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Args } from "../../Oclif.ts"
import { printable } from "../../Paint.ts"
import { given, standing } from "../../standing.ts"

export default class AgentContext extends AgentctlCommand {
  static override summary = "Print what git says live sessions work on: branch, unmerged commits, touched files."
  static override description =
    "`*` marks what is not committed, the other files are changed by commits that are not merged. Sessions in one working tree share what is in it."
  static override examples = ["<%= config.bin %> <%= command.id %>", "<%= config.bin %> <%= command.id %> @builder"]
  static override args = {
    agent: Args.string({ ignoreStdin: true, description: "Only of this agent, role or group." })
  }

  async run() {
    const { args } = await this.parse(AgentContext)
    const { contexts } = await this.client().call("agent.context", { ...given({ agent: args.agent }), ...standing() })
    for (const one of contexts) {
      const who = one.agent === null ? one.session.name : `@${one.agent.name}`
      const commits =
        one.base === null ? "" : `, ${one.unmerged} commit${one.unmerged === 1 ? "" : "s"} not in ${one.base}`
      this.log(printable(`${who}  ${one.problem ?? `${one.branch ?? "no branch"}${commits}`}  ${one.directory}`))
      for (const [state, files] of [
        ["*", one.uncommitted],
        [" ", one.changed]
      ] as const) {
        for (const { added, path, removed } of files) {
          this.log(printable(`  ${state} ${path}${added === null ? "" : ` +${added} -${removed ?? 0}`}`))
        }
      }
    }
    if (!this.jsonEnabled() && contexts.length === 0) this.note("No live session works here.")
    return contexts
  }
}
