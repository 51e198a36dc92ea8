import { AgentctlCommand } from "../AgentctlCommand.ts"
import { duration, sessionArg } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"
import { printable } from "../Paint.ts"
import { describeExit } from "../words/SessionTable.ts"

export default class Stop extends AgentctlCommand {
  static override summary = "End a session's program and everything it started."
  static override description =
    "Sends SIGHUP and SIGTERM to the whole process tree, and SIGKILL to what is left after the grace time. The transcript is kept."
  static override args = { session: sessionArg() }
  static override flags = {
    grace: Flags.custom<number>({ parse: duration })({
      summary: "Time between SIGTERM and SIGKILL. Default: 5s.",
      helpValue: "5s"
    })
  }

  async run() {
    const { args, flags } = await this.parse(Stop)
    const session = await this.client().call("session.stop", {
      session: args.session,
      ...(flags.grace === undefined ? {} : { graceMs: flags.grace })
    })
    this.log(`${printable(session.name)}: ${session.exit === null ? session.status : describeExit(session.exit)}`)
    return session
  }
}
