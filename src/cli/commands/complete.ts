import { AgentctlCommand } from "../AgentctlCommand.ts"
import { candidates } from "../completion/candidates.ts"

/** Asked by the shells' completion scripts: the words typed so far, the last one unfinished. One candidate a line. */
export default class Complete extends AgentctlCommand {
  static override summary = "Print what may come next on a command line; for the shells."
  static override hidden = true
  static override enableJsonFlag = false
  static override passThrough = true

  async run() {
    const end = this.argv.indexOf("--")
    const words = end < 0 ? [] : this.argv.slice(end + 1)
    await this.parse(Complete, [])
    // A daemon is never started for a completion, and a slow one is not waited for.
    const lines = await candidates(words, this.client({ start: false }))
    if (lines.length > 0)
      this.log(lines.map(({ word, about }) => (about === "" ? word : `${word}\t${about}`)).join("\n"))
  }
}
