import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg, usage } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"
import { attachTo, type Lent, onTerminal, terminalSize } from "../terminal/attachTo.ts"

/** Lines of the earlier sessions that are drawn above the new one's screen. */
const EARLIER_LINES = 1_000

export default class Resume extends AgentctlCommand {
  static override summary = "Start an ended session's program again, in its directory and size."
  static override description =
    "Claude Code, Codex, opencode and Gemini CLI are told to go on with their conversation; any other program is run as it was. The environment is yours: that of a session is never stored. One that was started with -A or --open-urls can be lent an agent and offer URLs again; whether you lend and take, these flags say anew. The new session continues the old one: `logs --all` shows both."
  static override examples = [
    "<%= config.bin %> <%= command.id %> build",
    "<%= config.bin %> <%= command.id %> --interrupted",
    "<%= config.bin %> <%= command.id %> --interrupted --dry-run"
  ]
  static override args = { session: { ...sessionArg("The ended session."), required: false } }
  static override flags = {
    interrupted: Flags.boolean({
      summary:
        "Every session that a reboot, or the loss of its daemon, interrupted, each once. They are not attached to."
    }),
    "dry-run": Flags.boolean({ summary: "Only print what would be run." }),
    fresh: Flags.boolean({ summary: "Run the same command line again instead of continuing the conversation." }),
    detach: Flags.boolean({ char: "d", summary: "Start it and return; prints the new session's name." }),
    name: Flags.string({
      char: "n",
      summary: "A name for the new session.",
      helpValue: "NAME",
      exclusive: ["interrupted"]
    }),
    "forward-agent": Flags.boolean({
      char: "A",
      summary: "On another machine: let it use your SSH agent while you, or whoever attaches with -A, is attached.",
      exclusive: ["interrupted"]
    }),
    "open-urls": Flags.boolean({
      summary: "Open URLs here that programs in the session want opened, while you are attached.",
      exclusive: ["interrupted"]
    }),
    clipboard: Flags.boolean({
      summary: "Let programs in the session put text into this terminal's clipboard, while you are attached.",
      exclusive: ["interrupted"]
    })
  }

  async run() {
    const { args, flags } = await this.parse(Resume)
    if ((args.session === undefined) !== (flags.interrupted === true)) {
      throw usage("resume takes the name of a session, or --interrupted")
    }
    const client = this.client()
    const how = {
      ...(this.host === undefined ? { env: process.env as Record<string, string> } : {}),
      ...terminalSize(),
      ...(flags.fresh ? { fresh: true } : {}),
      ...(flags.name === undefined ? {} : { name: flags.name })
    }
    if (flags.interrupted || flags["dry-run"]) {
      const { planOf, resumeInterrupted } = await import("../starting/resumeInterrupted.ts")
      return flags["dry-run"]
        ? planOf(client, { session: args.session, fresh: flags.fresh === true }, (line) => this.log(line))
        : resumeInterrupted(client, how, (line) => this.log(line))
    }
    const stays = !flags.detach && !this.jsonEnabled()
    const goOn = async (lent: Lent = {}) => {
      const takes = stays && (flags["open-urls"] || flags.clipboard)
      const offers = takes ? (await import("../offers/takeOffers.ts")).takeOffers(flags, this.host) : undefined
      const browser = flags["open-urls"] ? { browser: true } : {}
      const session = await client.call("session.resume", { session: args.session!, ...how, ...browser, ...lent })
      // On a terminal with what it continues above it; as a filter, what it prints itself.
      const from = onTerminal() ? { scrollback: EARLIER_LINES } : { from: "start" as const }
      try {
        if (stays)
          process.exitCode = await attachTo(client, { session: session.id, ...from, ended: true }, lent, offers)
        else this.log(session.name)
      } finally {
        await offers?.end()
      }
      return session
    }
    if (!flags["forward-agent"]) return goOn()
    const { agentLater, withAgent } = await import("../remote/lendAgent.ts")
    return stays ? withAgent(this.host, goOn) : goOn({ sshAgent: await agentLater(this.host) })
  }
}
