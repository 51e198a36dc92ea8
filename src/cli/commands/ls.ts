import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Flags } from "../Oclif.ts"

export default class Ls extends AgentctlCommand {
  static override summary = "List sessions."
  static override description = "Lists the sessions that live, newest last; with --all also those that have ended."
  static override examples = ["<%= config.bin %> <%= command.id %>", "<%= config.bin %> <%= command.id %> --all --json"]
  static override flags = {
    all: Flags.boolean({ char: "a", summary: "Ended sessions too." }),
    tag: Flags.string({ char: "t", summary: "Only sessions with this tag.", helpValue: "TAG" }),
    status: Flags.string({
      summary: "Only sessions in this state.",
      options: ["starting", "running", "stopping", "exited", "interrupted"] as const
    }),
    long: Flags.boolean({ char: "l", summary: "What each uses, too: memory, processor time, processes." }),
    quiet: Flags.boolean({ char: "q", summary: "Only ids, one a line." })
  }

  async run() {
    const { flags } = await this.parse(Ls)
    const { sessions } = await this.client().call("session.list", {
      ...(flags.all ? { all: true } : {}),
      ...(flags.long ? { usage: true } : {}),
      ...(flags.tag === undefined ? {} : { tag: flags.tag }),
      ...(flags.status === undefined ? {} : { status: flags.status as "running" })
    })
    if (this.jsonEnabled()) return sessions
    const { sessionTable } = await import("../SessionTable.ts")
    if (flags.quiet) for (const session of sessions) this.log(session.id)
    else if (sessions.length > 0) this.log(sessionTable(sessions, flags.long))
    else if (process.stdout.isTTY) this.log(`No sessions. "agentctl run" starts one.`)
    return sessions
  }
}
