import { isHostName, isTarget } from "../../client/remote/Target.ts"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { duration, usage } from "../Arguments.ts"
import { Args, Flags } from "../Oclif.ts"

export default class Connect extends AgentctlCommand {
  static override summary = "Keep a connection to the agentd of another machine, over SSH."
  static override description = [
    "Connects with ssh, as your own configuration, keys and jump hosts say; starts the daemon over there if none runs; and makes the connection again whenever it breaks. From then on every command takes --host NAME or NAME:SESSION, and ls shows that machine's sessions too.",
    "The connection is kept by a session of its own, which asks for passwords and host keys on this terminal. Only what ssh itself needs is forwarded."
  ].join("\n\n")
  static override examples = [
    "<%= config.bin %> <%= command.id %> build.example.org",
    "<%= config.bin %> <%= command.id %> --name lab -o Port=2222 ada@10.0.0.7",
    "<%= config.bin %> attach lab:review"
  ]
  static override enableHostFlag = false
  static override args = {
    target: Args.string({
      required: true,
      ignoreStdin: true,
      description: "As ssh takes it: [USER@]HOST, ssh://[USER@]HOST[:PORT], or a name of your ssh_config."
    })
  }
  static override flags = {
    name: Flags.string({ char: "n", summary: "What to call it. Default: the host's name.", helpValue: "NAME" }),
    option: Flags.string({
      char: "o",
      summary: "An option for ssh, as in ssh_config(5); may be repeated.",
      helpValue: "OPTION=VALUE",
      multiple: true,
      multipleNonGreedy: true
    }),
    agentctl: Flags.string({ summary: "The agentctl over there.", default: "agentctl", helpValue: "PATH" }),
    timeout: Flags.custom<number>({ parse: duration, default: 60_000 })({
      summary: "Wait so long for the connection; it is tried on afterwards. Default: 60s.",
      helpValue: "TIME"
    }),
    "dry-run": Flags.boolean({ summary: "Only print what would be run." })
  }

  async run() {
    const { args, flags } = await this.parse(Connect)
    const { hostNameOf } = await import("../../client/remote/Target.ts")
    if (!isTarget(args.target)) throw usage(`"${args.target}" is no destination for ssh`)
    const name = flags.name ?? hostNameOf(args.target)
    if (name === null || !isHostName(name)) {
      throw usage(`give it a name with --name: 1 to 64 of a-z, 0-9, dot, dash and underscore`)
    }
    const { connectHost, dryRun } = await import("../remote/connectHost.ts")
    const wanted = { name, target: args.target, options: flags.option ?? [], agentctl: flags.agentctl }
    if (flags["dry-run"]) {
      const commands = dryRun(wanted)
      this.log(commands.join("\n"))
      return { commands }
    }
    const status = await connectHost(this.client(), wanted, flags.timeout, this.jsonEnabled())
    if (status.state.at === "up") this.log(`Connected to ${name} (agentd ${status.state.remote.version}).`)
    return status
  }
}
