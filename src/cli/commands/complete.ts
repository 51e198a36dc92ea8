import { AgentctlCommand } from "../AgentctlCommand.ts"
import { tableOf } from "../CommandTable.ts"
import { candidates, FILES } from "../completion/candidates.ts"

/** Asked by the shells' completion scripts: the words typed so far, the last one unfinished. One candidate a line. */
export default class Complete extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Print what may come next on a command line; for the shells."
  static override hidden = true
  static override enableJsonFlag = false
  static override passThrough = true

  async run() {
    const end = this.argv.indexOf("--")
    const words = end < 0 ? [] : this.argv.slice(end + 1)
    await this.parse(Complete, [])
    // A daemon is never started for a completion, and a slow one is not waited for.
    const found = await candidates(tableOf(this.config), words, this.client({ start: false }))
    // The scripts then let the shell complete names of files.
    if (found === FILES) process.exitCode = 1
    else if (found.length > 0) {
      this.log(found.map(({ word, about }) => (about === "" ? word : `${word}\t${about}`)).join("\n"))
    }
  }
}
