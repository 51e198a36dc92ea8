import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg, usage } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"
import { attachTo, onTerminal, terminalSize } from "../terminal/attachTo.ts"

/** Lines of the earlier sessions that are drawn above the new one's screen. */
const EARLIER_LINES = 1_000

export default class Resume extends AgentctlCommand {
  static override summary = "Start an ended session's program again, in its directory and size."
  static override description =
    "Claude Code, Codex, opencode and Gemini CLI are told to go on with their conversation; any other program is run as it was. The environment is yours: that of a session is never stored. The new session continues the old one: `logs --all` shows both."
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
    const session = await client.call("session.resume", { session: args.session!, ...how })
    if (flags.detach || this.jsonEnabled()) {
      this.log(session.name)
      return session
    }
    // On a terminal with what it continues above it; as a filter, what it prints itself.
    const from = onTerminal() ? { scrollback: EARLIER_LINES } : { from: "start" as const }
    process.exitCode = await attachTo(client, { session: session.id, ...from, ended: true })
  }
}
