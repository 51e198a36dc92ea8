import { AgentctlCommand } from "../AgentctlCommand.ts"
import { duration, sessionArg, usage } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"
import { printable } from "../Paint.ts"
import { describeExit } from "../SessionTable.ts"

export default class Wait extends AgentctlCommand {
  static override summary = "Wait until a session exits, falls silent, or prints something."
  static override description = "Ends with 0 when it happened, and with 7 when the timeout came first."
  static override examples = [
    "<%= config.bin %> <%= command.id %> build",
    "<%= config.bin %> <%= command.id %> server --for output='listening on .*' --timeout 30s",
    "<%= config.bin %> <%= command.id %> claude --for idle --idle 5s"
  ]
  static override args = { session: sessionArg() }
  static override flags = {
    for: Flags.string({ summary: "What to wait for.", helpValue: "exit|idle|output=REGEX", default: "exit" }),
    idle: Flags.custom<number>({ parse: duration })({
      summary: "How long without output is idle. Default: 2s.",
      helpValue: "2s"
    }),
    timeout: Flags.custom<number>({ parse: duration })({
      summary: "Give up after so long. Default: never.",
      helpValue: "30s"
    }),
    from: Flags.integer({
      summary: "Look for output from this offset on. Default: all that is kept.",
      helpValue: "OFFSET"
    })
  }

  async run() {
    const { args, flags } = await this.parse(Wait)
    const match = /^(exit|idle|output)(?:=(.*))?$/s.exec(flags.for)
    const [, event, pattern] = match ?? []
    if (event === undefined || (event === "output") !== Boolean(pattern)) {
      throw usage(`--for takes exit, idle or output=REGEX, not "${printable(flags.for)}"`)
    }
    const result = await this.client().call("session.wait", {
      session: args.session,
      for: event as "exit",
      ...(pattern === undefined ? {} : { pattern }),
      ...(flags.idle === undefined ? {} : { idleMs: flags.idle }),
      ...(flags.from === undefined ? {} : { from: flags.from }),
      ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout })
    })
    if (result.match !== null) this.log(printable(result.match))
    else if (result.session.exit !== null) this.log(describeExit(result.session.exit))
    return result
  }
}
