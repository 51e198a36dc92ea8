import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"

export default class MessageSent extends AgentctlCommand {
  static override summary = "Print messages from you, newest first, and how many have read them."
  static override examples = ["<%= config.bin %> <%= command.id %> --unread --to @reviewer"]
  static override flags = {
    to: Flags.string({ summary: "Only what went to this agent.", helpValue: "@NAME" }),
    unread: Flags.boolean({ char: "u", summary: "Only what somebody has not read." }),
    oldest: Flags.boolean({ summary: "Oldest first." }),
    limit: Flags.integer({ char: "n", summary: "How many. Default: 20.", min: 1, max: 100 }),
    before: Flags.string({ summary: "Go on from here, as the last page said.", helpValue: "CURSOR" }),
    after: Flags.string({ summary: "Go on from here, oldest first.", helpValue: "CURSOR" })
  }

  async run() {
    const { flags } = await this.parse(MessageSent)
    const { after, before, limit, to } = flags
    const page = await this.client().call("message.outbox", {
      ...given({ after, before, limit, to }),
      ...(flags.unread ? { unread: true } : {}),
      ...(flags.oldest ? { oldest: true } : {}),
      ...standing()
    })
    if (this.jsonEnabled()) return page
    const { messageLine } = await import("../../words/MessageText.ts")
    for (const message of page.messages) this.log(messageLine(message, true))
    if (page.next !== null) this.note(`more: --${flags.oldest ? "after" : "before"} ${page.next}`)
    if (page.messages.length === 0)
      this.note(
        (to ?? before ?? after)
          ? "No message fits."
          : flags.unread
            ? "All was read."
            : "You have said nothing here yet."
      )
    return page
  }
}
