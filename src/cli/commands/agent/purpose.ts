import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { usage } from "../../Arguments.ts"
import { Flags } from "../../Oclif.ts"
import { printable } from "../../Paint.ts"

export default class AgentPurpose extends AgentctlCommand {
  static override summary = "Say what a session is for: its intent and its task."
  static override description = "An empty text takes back what was said."
  static override examples = ['<%= config.bin %> <%= command.id %> --intent "make the tests faster" --task "#42"']
  static override flags = {
    intent: Flags.string({ summary: "What it is for.", helpValue: "TEXT" }),
    task: Flags.string({ summary: "The task it is at.", helpValue: "TEXT" }),
    session: Flags.string({ summary: "The session. Default: the one this runs in.", helpValue: "SESSION" })
  }

  async run() {
    const { flags } = await this.parse(AgentPurpose)
    if (flags.intent === undefined && flags.task === undefined) throw usage("nothing to say: give --intent or --task")
    const session = await this.client().call("session.purpose", {
      ...(flags.intent === undefined ? {} : { intent: flags.intent || null }),
      ...(flags.task === undefined ? {} : { task: flags.task || null }),
      ...(flags.session === undefined ? {} : { session: flags.session })
    })
    this.log(`${session.name}: ${printable([session.task, session.intent].filter(Boolean).join(", ") || "-")}`)
    return session
  }
}
