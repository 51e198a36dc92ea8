import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"

export default class Screen extends AgentctlCommand {
  static override summary = "Print a session's screen as it is now."
  static override description =
    "Prints the text of the screen; --ansi with colours and cursor movements, --json with cursor, size and title."
  static override args = { session: sessionArg() }
  static override flags = {
    ansi: Flags.boolean({ summary: "Escape sequences that draw it.", exclusive: ["json"] }),
    scrollback: Flags.integer({
      summary: "So many lines above the screen as well.",
      min: 0,
      max: 10_000,
      helpValue: "LINES"
    })
  }

  async run() {
    const { args, flags } = await this.parse(Screen)
    const format = this.jsonEnabled() ? "json" : flags.ansi ? "ansi" : "text"
    const screen = await this.client().call("session.screen", {
      session: args.session,
      format,
      ...(flags.scrollback === undefined ? {} : { scrollback: flags.scrollback })
    })
    this.log(format === "ansi" ? (screen.ansi ?? "") : (screen.lines ?? []).join("\n"))
    return screen
  }
}
