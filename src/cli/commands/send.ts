import { MAX_INPUT_BYTES } from "../../contract/Limits.ts"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg, usage } from "../Arguments.ts"
import { Args, Flags } from "../Oclif.ts"

export default class Send extends AgentctlCommand {
  static override summary = "Type into a session."
  static override description =
    "Types the words, with one space between them. A single - types standard input, byte for byte."
  static override examples = [
    "<%= config.bin %> <%= command.id %> claude --enter please fix the failing test",
    "<%= config.bin %> <%= command.id %> shell - < script.sh"
  ]
  static override args = {
    session: sessionArg(),
    text: Args.string({ multiple: true, ignoreStdin: true, description: "What to type, or - for standard input." })
  }
  static override flags = { enter: Flags.boolean({ char: "E", summary: "Press Enter after it." }) }

  async run() {
    const { args, flags } = await this.parse(Send)
    const words = (args.text ?? []) as unknown as ReadonlyArray<string>
    if (words.length === 0 && !flags.enter)
      throw usage("nothing to send: give some text, - for standard input, or --enter")
    const client = this.client()
    let sent = 0
    const type = async (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length; at += MAX_INPUT_BYTES) {
        const base64 = Buffer.from(bytes.subarray(at, at + MAX_INPUT_BYTES)).toString("base64")
        sent += (await client.call("session.input", { session: args.session, base64 })).bytes
      }
    }
    if (words.length === 1 && words[0] === "-") for await (const chunk of process.stdin) await type(chunk as Buffer)
    else await type(Buffer.from(words.join(" ")))
    // A keyboard's Enter is a carriage return; the terminal turns it into what the program expects.
    if (flags.enter) await type(Buffer.from("\r"))
    return { bytes: sent }
  }
}
