import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionsArg, sessionsOf } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"

export default class Rm extends AgentctlCommand {
  static override summary = "Forget ended sessions and delete their transcripts."
  static override description =
    "One that cannot be removed is named and keeps no other from it, and the exit code says so. With --json one that is named is answered by itself, several as {removed, failed}."
  static override examples = [
    "<%= config.bin %> <%= command.id %> build",
    "<%= config.bin %> <%= command.id %> --force web db worker"
  ]
  static override args = { session: { ...sessionsArg(), required: true } }
  static override flags = { force: Flags.boolean({ char: "f", summary: "Stop it first if it runs." }) }

  async run() {
    const { args, flags } = await this.parse(Rm)
    const named = sessionsOf(this, args.session)
    const client = this.client()
    const remove = async (session: string) => {
      const removed = await client.call("session.remove", { session, ...(flags.force ? { force: true } : {}) })
      this.log(`${removed.id} removed`)
      return removed
    }
    if (named.length === 1) return remove(named[0]!)
    const { eachSession } = await import("../several/eachSession.ts")
    const { done, failed } = await eachSession(named, remove, { quiet: this.jsonEnabled() })
    return { removed: done, failed }
  }
}
