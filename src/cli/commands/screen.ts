import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"

export default class Screen extends AgentctlCommand {
  static override summary = "Print a session's screen as it is now."
  static override description =
    "Prints the text of the screen; --ansi with colours and cursor movements, --svg as a picture, --json with cursor, size and title."
  static override examples = [
    "<%= config.bin %> <%= command.id %> review",
    "<%= config.bin %> <%= command.id %> review --svg > review.svg"
  ]
  static override args = { session: sessionArg() }
  static override flags = {
    ansi: Flags.boolean({ summary: "Escape sequences that draw it.", exclusive: ["json", "svg"] }),
    svg: Flags.boolean({
      summary: "A picture (SVG) with colours, cursor and title; the same screen gives the same picture.",
      exclusive: ["json", "ansi"]
    }),
    scrollback: Flags.integer({
      summary: "So many lines above the screen as well.",
      min: 0,
      max: 10_000,
      helpValue: "LINES"
    })
  }

  async run() {
    const { args, flags } = await this.parse(Screen)
    const format = this.jsonEnabled() ? "json" : flags.ansi ? "ansi" : flags.svg ? "styled" : "text"
    const screen = await this.client().call("session.screen", {
      session: args.session,
      format,
      ...(flags.scrollback === undefined ? {} : { scrollback: flags.scrollback })
    })
    if (flags.svg) {
      const { svgOf } = await import("../render/svg.ts")
      const { printable } = await import("../Paint.ts")
      this.log(svgOf({ screen, title: printable(screen.title) || args.session }).trimEnd())
      return screen
    }
    this.log(format === "ansi" ? (screen.ansi ?? "") : (screen.lines ?? []).join("\n"))
    return screen
  }
}
