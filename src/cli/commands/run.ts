import { AgentctlCommand } from "../AgentctlCommand.ts"
import { duration, usage } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"
import { askedLimits, limitFlags } from "../starting/Limits.ts"
import { programOf } from "../starting/programOf.ts"
import { askedSecrets, secretFlags } from "../starting/Secrets.ts"
import { attachTo, type Lent, onTerminal, terminalSize } from "../terminal/attachTo.ts"

export default class Run extends AgentctlCommand {
  static override summary = "Start a program in a new session."
  static override description =
    "Starts the program in a session of its own and attaches to it. Without a terminal it is a filter: standard input goes in, raw output comes out. Ends with the program's exit code, or 128 and the number of the signal that ended it."
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --name build -- make -j4 test",
    "<%= config.bin %> <%= command.id %> -d --tag ci claude",
    "<%= config.bin %> <%= command.id %> -d --memory 2G --cpu 150% --tasks 512 --timeout 8h claude",
    "<%= config.bin %> <%= command.id %> --secret API_KEY=$HOME/.config/api-key claude",
    "echo 6*7 | <%= config.bin %> <%= command.id %> bc"
  ]
  static override usage = "<%= command.id %> [FLAGS] [--] [COMMAND [ARGUMENT...]]"
  static override passThrough = true
  static override flags = {
    detach: Flags.boolean({ char: "d", summary: "Start it and return; prints the session's name." }),
    name: Flags.string({
      char: "n",
      summary: "The session's name; a readable one is made up otherwise.",
      helpValue: "NAME"
    }),
    cwd: Flags.string({ summary: "Directory it starts in. Default: this one.", helpValue: "DIR" }),
    env: Flags.string({
      char: "e",
      summary: "A variable for the program, besides yours; may be repeated.",
      helpValue: "NAME=VALUE",
      multiple: true,
      multipleNonGreedy: true
    }),
    tag: Flags.string({
      char: "t",
      summary: "A tag; may be repeated.",
      helpValue: "TAG",
      multiple: true,
      multipleNonGreedy: true
    }),
    ttl: Flags.custom<number>({ parse: duration })({ summary: "Stop it after so long.", helpValue: "30m" }),
    restart: Flags.option({
      options: ["never", "on-boot"] as const,
      summary: "Start it again, once, after a reboot has interrupted it. Default: as configured (session.restart).",
      helpValue: "never|on-boot"
    })(),
    hooks: Flags.option({
      options: ["auto", "off"] as const,
      summary:
        "Whether a known agent tells its state through hooks, for this run. Default: as configured (session.hooks).",
      helpValue: "auto|off"
    })(),
    ...secretFlags,
    ...limitFlags,
    sandbox: Flags.string({
      summary: "What it is shut off from: open, workspace, or a profile of your administrator's.",
      helpValue: "PROFILE"
    }),
    access: Flags.option({
      options: ["own", "tag", "all"] as const,
      summary:
        "Which other sessions programs in it may read, type into and stop: those started from it, also those that share a tag with it, or all. Default: as configured (session.access); a shell that is started without naming a command gets as much as may be given.",
      helpValue: "own|tag|all"
    })(),
    cols: Flags.integer({ summary: "Width of its terminal. Default: as yours, else 80." }),
    rows: Flags.integer({ summary: "Height of its terminal. Default: as yours, else 24." }),
    agent: Flags.string({
      summary: "The agent it acts for; registered if there is none of that name.",
      helpValue: "NAME"
    }),
    intent: Flags.string({ summary: "What it is for.", helpValue: "TEXT" }),
    task: Flags.string({ summary: "The task it is at.", helpValue: "TEXT" }),
    "forward-agent": Flags.boolean({
      char: "A",
      summary:
        "On another machine: give it an SSH_AUTH_SOCK, and let it use your SSH agent while you, or whoever attaches with -A, is attached."
    }),
    "open-urls": Flags.boolean({
      summary:
        "Set its BROWSER to a program that has URLs opened where somebody is attached with --open-urls, and open them here meanwhile."
    }),
    standalone: Flags.boolean({
      summary: "Without a daemon: everything in one process, for CI and one-shot containers."
    })
  }

  async run() {
    // The program's words are taken as they stand: oclif's parser sorts repeated ones together.
    const end = this.argv.indexOf("--")
    const program = end < 0 ? [] : this.argv.slice(end + 1)
    const { flags } = await this.parse(Run, end < 0 ? this.argv : this.argv.slice(0, end))
    if (flags.standalone && flags["open-urls"]) throw usage("--standalone and --open-urls exclude each other")
    if (flags.standalone && flags["forward-agent"]) throw usage("--standalone and --forward-agent exclude each other")
    if (flags.standalone && this.host !== undefined) throw usage("--standalone and --host exclude each other")
    const start = {
      ...(await programOf(this.host, program, {
        cwd: flags.cwd,
        env: flags.env === undefined ? undefined : variables(flags.env)
      })),
      ...terminalSize(),
      // Not on a terminal it is a filter: input byte for byte and with an end, output as the program wrote it.
      ...(flags.detach || onTerminal() || this.jsonEnabled() ? {} : { stdin: "pipe" as const }),
      ...(flags.name === undefined ? {} : { name: flags.name }),
      ...(flags.tag === undefined ? {} : { tags: flags.tag }),
      ...(flags.agent === undefined ? {} : { agent: flags.agent }),
      ...(flags.intent === undefined ? {} : { intent: flags.intent }),
      ...(flags.task === undefined ? {} : { task: flags.task }),
      ...(flags.ttl === undefined ? {} : { ttlMs: flags.ttl }),
      ...(flags.restart === undefined ? {} : { restart: flags.restart }),
      ...(flags.hooks === undefined ? {} : { hooks: flags.hooks }),
      ...askedSecrets(flags, this.host === undefined),
      ...askedLimits(flags),
      // A person's own shell, from which the others are looked after.
      ...(flags.access !== undefined
        ? { access: flags.access }
        : program.length === 0
          ? { access: "most" as const }
          : {}),
      ...(flags.sandbox === undefined ? {} : { sandbox: flags.sandbox }),
      ...(flags.cols === undefined ? {} : { cols: flags.cols }),
      ...(flags.rows === undefined ? {} : { rows: flags.rows })
    }
    if (flags.standalone) {
      if (flags.detach) throw usage("--standalone and --detach exclude each other: nothing would hold the session")
      const { standalone } = await import("../starting/standalone.ts")
      process.exitCode = await standalone(start)
      return
    }
    const client = this.client()
    const stays = !flags.detach && !this.jsonEnabled()
    const run = async (lent: Lent = {}) => {
      const offers = flags["open-urls"]
        ? (await import("../offers/takeOffers.ts")).takeOffers(flags, this.host)
        : undefined
      const browser = flags["open-urls"] ? { browser: true } : {}
      const session = await client.call("session.start", { ...start, ...browser, ...lent })
      try {
        const params = { session: session.id, from: "start" as const, ended: true }
        if (stays) process.exitCode = await attachTo(client, params, lent, offers)
        else this.log(session.name)
      } finally {
        await offers?.end()
      }
      return session
    }
    if (!flags["forward-agent"]) return run()
    const { agentLater, withAgent } = await import("../remote/lendAgent.ts")
    return stays ? withAgent(this.host, run) : run({ sshAgent: await agentLater(this.host) })
  }
}

const variables = (pairs: ReadonlyArray<string>): Record<string, string> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=")
      if (at < 1) throw usage(`--env takes NAME=VALUE, not "${pair}"`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    })
  )
