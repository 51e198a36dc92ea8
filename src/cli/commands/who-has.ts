import { resolve } from "node:path"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Args } from "../Oclif.ts"
import { printable } from "../Paint.ts"
import { standing } from "../standing.ts"

export default class WhoHas extends AgentctlCommand {
  static override summary = "Print which live sessions have touched a file or directory."
  static override description =
    "Asks git about the working tree of every live session in this repository: what is changed and not committed, and what is committed and not merged. Sessions in one working tree share what is in it: git cannot tell which of them has changed a file."
  static override examples = [
    "<%= config.bin %> <%= command.id %> src/parser.ts",
    "<%= config.bin %> <%= command.id %> ."
  ]
  static override args = {
    path: Args.string({ required: true, ignoreStdin: true, description: "A file or directory of this repository." })
  }

  async run() {
    const { args } = await this.parse(WhoHas)
    const found = await this.client().call("agent.whoHas", { path: resolve(args.path), ...standing() })
    for (const { agent, branch, files, session, state } of found.holders) {
      const who = agent === null ? session.name : `@${agent.name}`
      for (const { added, path, removed } of files) {
        const lines = added === null ? "" : ` +${added} -${removed ?? 0}`
        this.log(printable(`${who}  ${state} on ${branch ?? "no branch"}  ${path}${lines}`))
      }
    }
    for (const { reason, session } of found.problems) this.note(printable(`${session}: ${reason}`))
    if (!this.jsonEnabled() && found.holders.length === 0) this.note("Nobody.")
    return found
  }
}
