import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Args, Flags } from "../Oclif.ts"

export default class Clip extends AgentctlCommand {
  static override summary = "Put text into the clipboard of whoever is attached to this session."
  static override description =
    "For programs in a session: who is attached with --clipboard has it in the terminal's clipboard (OSC 52). At most 64 KiB, 5 in 30 seconds. Nothing is ever read from a clipboard."
  static override examples = ["git diff | <%= config.bin %> <%= command.id %>"]
  static override args = {
    text: Args.string({ ignoreStdin: true, description: "The text. Default: standard input." })
  }
  static override flags = {
    session: Flags.string({ summary: "Another session than this one.", helpValue: "SESSION" })
  }

  async run() {
    const { args, flags } = await this.parse(Clip)
    const { readFileSync } = await import("node:fs")
    const text = args.text === undefined ? readFileSync(0) : Buffer.from(args.text)
    const { MAX_CLIPBOARD_BYTES } = await import("../../contract/Limits.ts")
    const { AgentdError } = await import("../../client/AgentdError.ts")
    if (text.length > MAX_CLIPBOARD_BYTES) {
      throw new AgentdError(
        "TooLarge",
        `A clipboard is given ${MAX_CLIPBOARD_BYTES} bytes at the most, not ${text.length}.`
      )
    }
    return this.client({ start: false }).call("session.offer", {
      offer: { kind: "clipboard", data: text.toString("base64") },
      ...(flags.session === undefined ? {} : { session: flags.session })
    })
  }
}
