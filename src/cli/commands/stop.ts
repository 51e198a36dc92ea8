import type { Session } from "../../contract/session/Session.ts"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { duration, sessionsArg, sessionsOf, usage } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"
import { printable } from "../Paint.ts"
import { describeExit } from "../words/SessionTable.ts"

export default class Stop extends AgentctlCommand {
  static override summary = "End the programs of sessions, and everything they started."
  static override description =
    "Sends SIGHUP and SIGTERM to the whole process tree, and SIGKILL to what is left after the grace time. The transcript is kept. Several are stopped at the same time; one that cannot be is named and keeps no other from it, and the exit code says so. With --json one that is named is answered by itself, several (and --all) as {stopped, failed}."
  static override examples = [
    "<%= config.bin %> <%= command.id %> build",
    "<%= config.bin %> <%= command.id %> web db worker --grace 30s",
    "<%= config.bin %> <%= command.id %> --all"
  ]
  static override args = { session: sessionsArg() }
  static override flags = {
    all: Flags.boolean({ char: "a", summary: "Every session that lives. Says which and asks." }),
    yes: Flags.boolean({ char: "y", summary: "With --all: do not ask.", dependsOn: ["all"] }),
    grace: Flags.custom<number>({ parse: duration })({
      summary: "Time between SIGTERM and SIGKILL. Default: 5s.",
      helpValue: "5s"
    })
  }

  async run() {
    const { args, flags } = await this.parse(Stop)
    const named = sessionsOf(this, args.session)
    if (flags.all ? named.length > 0 : named.length === 0) throw usage("stop takes the names of sessions, or --all")
    const client = this.client()
    const how = flags.grace === undefined ? {} : { graceMs: flags.grace }
    const stop = async (session: string): Promise<Session> => {
      const ended = await client.call("session.stop", { session, ...how })
      this.log(`${printable(ended.name)}: ${ended.exit === null ? ended.status : describeExit(ended.exit)}`)
      return ended
    }
    if (named.length === 1) return stop(named[0]!)
    const quiet = this.jsonEnabled()
    const { eachSession } = await import("../several/eachSession.ts")
    if (!flags.all) return answer(await eachSession(named, stop, { quiet }))
    const { stopAll } = await import("../several/stopAll.ts")
    const results = await stopAll(client, stop, { yes: flags.yes === true, quiet })
    if (results === null) this.log("No session lives.")
    return answer(results ?? { done: [], failed: [] })
  }
}

const answer = <A, B>({ done, failed }: { readonly done: A; readonly failed: B }) => ({ stopped: done, failed })
