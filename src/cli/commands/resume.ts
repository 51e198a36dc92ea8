import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg } from "../Arguments.ts"
import { attachTo, terminalSize } from "../attachTo.ts"
import { Flags } from "../Oclif.ts"

export default class Resume extends AgentctlCommand {
  static override summary = "Start an ended session's program again, in its directory and size."
  static override args = { session: sessionArg("The ended session.") }
  static override flags = {
    detach: Flags.boolean({ char: "d", summary: "Start it and return; prints the new session's name." }),
    name: Flags.string({ char: "n", summary: "A name for the new session.", helpValue: "NAME" })
  }

  async run() {
    const { args, flags } = await this.parse(Resume)
    const client = this.client()
    const session = await client.call("session.resume", {
      session: args.session,
      env: process.env as Record<string, string>,
      ...terminalSize(),
      ...(flags.name === undefined ? {} : { name: flags.name })
    })
    if (flags.detach || this.jsonEnabled()) {
      this.log(session.name)
      return session
    }
    process.exitCode = await attachTo(client, { session: session.id, from: "start", ended: true })
  }
}
