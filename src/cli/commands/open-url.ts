import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Args, Flags } from "../Oclif.ts"

export default class OpenUrl extends AgentctlCommand {
  static override summary = "Have a URL opened where somebody is attached to this session."
  static override description =
    "For programs in a session: who is attached with --open-urls has the page opened there. Only http and https, at most 2,048 bytes, 5 in 30 seconds. A session that was started with run --open-urls finds it in its BROWSER."
  static override args = {
    url: Args.string({ required: true, ignoreStdin: true, description: "What to open." })
  }
  static override flags = {
    session: Flags.string({ summary: "Another session than this one.", helpValue: "SESSION" })
  }

  async run() {
    const { args, flags } = await this.parse(OpenUrl)
    return this.client({ start: false }).call("session.offer", {
      offer: { kind: "url", url: args.url },
      ...(flags.session === undefined ? {} : { session: flags.session })
    })
  }
}
