import { AgentdError } from "../../../client/AgentdError.ts"
import { ExitCode } from "../../../contract/errors/ErrorCodes.ts"
import { AgentctlCommand, CommandFailed } from "../../AgentctlCommand.ts"
import { duration } from "../../Arguments.ts"
import { Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class MessageWait extends AgentctlCommand {
  static override summary = "Wait for a message to you, and print it."
  static override description =
    "Takes one that is unread already, else the next, and marks it as read. Goes on waiting when the daemon is restarted. Ends with 0 when there was one, and with 7 when the timeout came first."
  static override examples = ["<%= config.bin %> <%= command.id %> --from @reviewer --timeout 10m"]
  static override flags = {
    from: Flags.string({ summary: "Only what this agent says.", helpValue: "@NAME" }),
    thread: Flags.string({ summary: "Only this thread.", helpValue: "MESSAGE" }),
    scope: Flags.string({ summary: "Only what belongs to this.", helpValue: "task:42" }),
    mention: Flags.string({ summary: "Only what is addressed so.", helpValue: "@ROLE" }),
    after: Flags.integer({ summary: "Only what comes after this sequence number.", min: 0, helpValue: "SEQ" }),
    timeout: Flags.custom<number>({ parse: duration })({
      summary: "Give up after so long. Default: never.",
      helpValue: "30s"
    }),
    peek: Flags.boolean({ summary: "Do not mark it as read." })
  }

  async run() {
    const { flags } = await this.parse(MessageWait)
    const { after, from, mention, scope, thread, timeout } = flags
    const client = this.client()
    const wanted = given({ after, from, mention, scope, thread, timeoutMs: timeout })
    const onAway = () => this.note("The daemon has gone; waiting goes on when it is back.")
    const { message, seq } = await client
      .wait("message.wait", { ...wanted, ...standing() }, { onAway })
      .catch((error: unknown) => {
        const late = error instanceof AgentdError && error.tag === "DeadlineExceeded"
        throw late ? new CommandFailed("No message came in time.", ExitCode.TimedOut) : error
      })
    const { whole } = await import("../../messages/wholeMessage.ts")
    const read = await whole(client, message.id)
    const { messageFull } = await import("../../words/MessageText.ts")
    this.log(messageFull(read))
    if (!flags.peek) await client.call("message.markRead", { messages: [message.id], ...standing() })
    return { message: read, seq }
  }
}
