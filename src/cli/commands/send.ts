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
    "<%= config.bin %> <%= command.id %> shell - < script.sh",
    "<%= config.bin %> <%= command.id %> claude --paste --enter - < prompt.md",
    "<%= config.bin %> <%= command.id %> vim --keys 'Escape : w q Enter'"
  ]
  static override args = {
    session: sessionArg(),
    text: Args.string({ multiple: true, ignoreStdin: true, description: "What to type, or - for standard input." })
  }
  static override flags = {
    enter: Flags.boolean({ char: "E", summary: "Press Enter after it." }),
    keys: Flags.string({
      char: "k",
      summary: "Keys to press after it, by their tmux names, with spaces between them.",
      helpValue: "'C-c Up Enter'"
    }),
    paste: Flags.boolean({
      char: "p",
      summary:
        "As a terminal pastes it: a program that asks for it learns that it is no typing, and does not act on each line."
    })
  }

  async run() {
    const { args, flags } = await this.parse(Send)
    const words = (args.text ?? []) as unknown as ReadonlyArray<string>
    const keys = (flags.keys ?? "").split(/\s+/).filter(Boolean)
    if (words.length === 0 && keys.length === 0 && !flags.enter)
      throw usage("nothing to send: give some text, - for standard input, --keys or --enter")
    const client = this.client()
    let sent = 0
    const send = async (what: object) => {
      sent += (await client.call("session.input", { session: args.session, ...what })).bytes
    }
    const type = async (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length; at += MAX_INPUT_BYTES)
        await send({ base64: Buffer.from(bytes.subarray(at, at + MAX_INPUT_BYTES)).toString("base64") })
    }
    const standardInput = words.length === 1 && words[0] === "-"
    if (flags.paste) await send({ text: standardInput ? await whole() : words.join(" "), paste: true })
    else if (standardInput) for await (const chunk of process.stdin) await type(chunk as Buffer)
    else await type(Buffer.from(words.join(" ")))
    if (keys.length > 0) await send({ keys })
    // A keyboard's Enter is a carriage return; the terminal turns it into what the program expects.
    if (flags.enter) await type(Buffer.from("\r"))
    return { bytes: sent }
  }
}

/** A paste is one piece. */
const whole = async (): Promise<string> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString("utf8")
}
