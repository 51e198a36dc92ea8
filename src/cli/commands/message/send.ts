import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Args, Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class MessageSend extends AgentctlCommand {
  static override summary = "Say something to an agent, a role, a group or a person."
  static override description =
    "The text is the words that follow, a file, or standard input. A name that nobody has is an error, and nothing is sent. @everyone needs --everyone."
  static override examples = [
    "<%= config.bin %> <%= command.id %> @reviewer please look at commit 9fceb02",
    "git diff | <%= config.bin %> <%= command.id %> @reviewer - --scope task:42",
    "<%= config.bin %> <%= command.id %> @api --also @db --file plan.md"
  ]
  static override args = {
    to: Args.string({ required: true, ignoreStdin: true, description: "@name, @role or @group." }),
    text: Args.string({ multiple: true, ignoreStdin: true, description: "What to say, or - for standard input." })
  }
  static override flags = {
    also: Flags.string({
      summary: "Somebody else it goes to; may be repeated.",
      multiple: true,
      multipleNonGreedy: true
    }),
    file: Flags.string({ char: "f", summary: "Say what is in this file.", helpValue: "FILE" }),
    format: Flags.string({ summary: "What the text is.", options: ["markdown", "plain", "json"], default: "markdown" }),
    data: Flags.string({ summary: "Something structured that goes with it.", helpValue: "JSON" }),
    scope: Flags.string({
      summary: "What it belongs to; may be repeated.",
      helpValue: "task:42",
      multiple: true,
      multipleNonGreedy: true
    }),
    ref: Flags.string({
      summary: "What it points at; may be repeated.",
      helpValue: "commit:9fceb02",
      multiple: true,
      multipleNonGreedy: true
    }),
    thread: Flags.string({ summary: "A thread to join.", helpValue: "MESSAGE" }),
    nudge: Flags.boolean({ summary: "Also tell their sessions, once they are idle and nobody types there." }),
    key: Flags.string({ summary: "Idempotency key: the same one again sends nothing new.", helpValue: "KEY" }),
    everyone: Flags.boolean({ summary: "Yes, @everyone is meant." })
  }

  async run() {
    const { args, flags } = await this.parse(MessageSend)
    const { parseJson, sendText } = await import("../../messages/sendText.ts")
    const { key, scope, ref, thread } = flags
    return sendText(this, this.client(), (args.text ?? []) as unknown as ReadonlyArray<string>, flags.file, {
      to: [args.to, ...(flags.also ?? [])],
      format: flags.format as "markdown",
      ...given({ key, thread, scopes: scope, refs: ref, data: parseJson(flags.data) }),
      ...(flags.everyone ? { everyone: true } : {}),
      ...(flags.nudge ? { nudge: true } : {}),
      ...standing()
    })
  }
}
