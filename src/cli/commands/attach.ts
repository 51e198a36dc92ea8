import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"
import { attachTo, type Lent } from "../terminal/attachTo.ts"

export default class Attach extends AgentctlCommand {
  static override summary = "Attach this terminal to a session."
  static override description =
    "Shows the session's screen and types into it. Ctrl-] then d detaches and leaves it running; Ctrl-] then ? lists the other keys. Ends with the program's exit code if it ends meanwhile."
  static override examples = [
    "<%= config.bin %> <%= command.id %> build",
    "<%= config.bin %> <%= command.id %> --view -",
    "<%= config.bin %> <%= command.id %> --take build"
  ]
  static override enableJsonFlag = false
  static override args = { session: sessionArg() }
  static override flags = {
    view: Flags.boolean({
      summary: "Only watch: keys are not sent, and your terminal has no say in the size.",
      exclusive: ["write", "take"]
    }),
    write: Flags.boolean({ summary: "Watch and type (the default).", exclusive: ["view", "take"] }),
    take: Flags.boolean({
      summary: "Watch and type, alone: everybody else who is attached only watches from then on.",
      exclusive: ["view", "write"]
    }),
    "forward-agent": Flags.boolean({
      char: "A",
      summary: "Let a session on another machine use your SSH agent for as long as you are attached.",
      exclusive: ["view"]
    }),
    "open-urls": Flags.boolean({
      summary: "Open URLs here that programs in the session want opened; a sign-in's call-back finds its way there."
    }),
    clipboard: Flags.boolean({ summary: "Let programs in the session put text into this terminal's clipboard." }),
    size: Flags.string({
      summary:
        "Whose terminal sets the session's size when several are attached. Default: as configured (attach.size).",
      options: ["latest", "smallest", "owner"] as const
    }),
    scrollback: Flags.integer({
      summary: "So many lines above the screen as well; those of the sessions it continues among them.",
      min: 0,
      max: 10_000,
      helpValue: "LINES"
    })
  }

  async run() {
    const { args, flags } = await this.parse(Attach)
    const params = {
      session: args.session,
      ...(flags.view || flags.take ? { mode: flags.view ? ("view" as const) : ("take" as const) } : {}),
      ...(flags.size === undefined ? {} : { size: flags.size as "latest" }),
      ...(flags.scrollback === undefined ? {} : { scrollback: flags.scrollback })
    }
    const offers =
      flags["open-urls"] || flags.clipboard
        ? (await import("../offers/takeOffers.ts")).takeOffers(flags, this.host)
        : undefined
    const attached = (lent?: Lent) => attachTo(this.client(), params, lent, offers)
    try {
      process.exitCode = flags["forward-agent"]
        ? await (await import("../remote/lendAgent.ts")).withAgent(this.host, attached)
        : await attached()
    } finally {
      await offers?.end()
    }
  }
}
