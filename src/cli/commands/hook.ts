import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Args } from "../Oclif.ts"

export default class Hook extends AgentctlCommand {
  static override summary = "Tell the daemon what an agent's hook says; for the agent's own configuration."
  static override description =
    "Reads what the program gives its hooks, from standard input or as an argument, and reports the state of the session it runs in. Whatever happens it says nothing, ends with 0 and within two seconds: an agent must not be kept or stopped by it. Outside of a session it does nothing. Sessions of Claude Code and Codex have it already, unless they are started with --hooks off."
  static override examples = [
    "<%= config.bin %> <%= command.id %> claude <hook.json",
    `<%= config.bin %> <%= command.id %> codex '{"type":"agent-turn-complete"}'`
  ]
  static override enableJsonFlag = false
  static override enableHostFlag = false
  static override args = {
    program: Args.string({
      required: true,
      ignoreStdin: true,
      description: "Whose hook it is: claude, codex, gemini or opencode."
    }),
    json: Args.string({ ignoreStdin: true, description: "What it says. Default: standard input." })
  }

  async run() {
    // Without a session there is nobody to tell, and no reason to read.
    if (!process.env.AGENTD_SESSION) return
    setTimeout(() => process.exit(0), LIMIT_MS).unref()
    const { args } = await this.parse(Hook)
    const { reportOf } = await import("../hook/readings.ts")
    const report = reportOf(args.program, args.json ?? (await standardInput()))
    if (report === null) return
    const client = this.client({ start: false, onProgress: () => {} })
    await client.call("session.report", { ...report, program: args.program.slice(0, 64) })
  }

  /** A hook that fails is shown to the user, and one that ends with 2 stops the agent. */
  protected override async catch(): Promise<void> {
    process.exitCode = 0
  }
}

/** Milliseconds after which it gives up, whatever it waits for. */
const LIMIT_MS = 2_000

const standardInput = async (): Promise<string> => {
  if (process.stdin.isTTY) return ""
  const { MAX_PAYLOAD } = await import("../hook/readings.ts")
  const chunks: Array<Buffer> = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer)
    bytes += (chunk as Buffer).length
    if (bytes > MAX_PAYLOAD) return ""
  }
  return Buffer.concat(chunks).toString()
}
