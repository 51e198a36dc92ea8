import { AgentdError } from "../../../client/AgentdError.ts"
import type { Result } from "../../../contract/Methods.ts"
import { AgentctlCommand, CommandFailed } from "../../AgentctlCommand.ts"
import { askDaemonProgram, exitCodeFor } from "../../daemon/daemonProgram.ts"
import { Flags } from "../../Oclif.ts"
import { printable, table } from "../../Paint.ts"

type Shown = Result<"config.show">

export default class ConfigShow extends AgentctlCommand {
  static override summary = "Print every key with the value that holds."
  static override description = "Asks the running daemon; when none runs, prints what one would begin with."
  static override flags = {
    origin: Flags.boolean({ summary: "Also where each value comes from, and the files looked for." })
  }

  async run() {
    const { flags } = await this.parse(ConfigShow)
    const shown = await this.#shown()
    this.log(
      table(shown.values, [
        { title: "KEY", value: ({ key, locked }) => `${key}${locked ? " (locked)" : ""}` },
        { title: "VALUE", value: ({ value }) => printable(JSON.stringify(value)) },
        ...(flags.origin
          ? [
              {
                title: "ORIGIN",
                value: ({ origin, line }: Shown["values"][number]) =>
                  printable(line === null ? origin : `${origin}:${line}`)
              }
            ]
          : [])
      ])
    )
    if (flags.origin) {
      this.log()
      for (const { path, exists } of shown.files) this.log(`${exists ? "read   " : "absent "} ${printable(path)}`)
    }
    return shown
  }

  async #shown(): Promise<Shown> {
    try {
      return await this.client({ start: false }).call("config.show", {})
    } catch (error) {
      if (!(error instanceof AgentdError) || error.tag !== "NoDaemon") throw error
    }
    const { status, stdout, stderr } = askDaemonProgram(["--show-config", "--json"])
    if (status !== 0) throw new CommandFailed(stderr.trim() || stdout.trim(), exitCodeFor(status))
    return JSON.parse(stdout) as Shown
  }
}
