import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"
import { given, standing } from "../../standing.ts"
import { emptyInbox } from "../../words/emptyInbox.ts"

export default class MessageInbox extends AgentctlCommand {
  static override summary = "Print messages to you, newest first."
  static override description =
    "What it prints in full with --read counts as read afterwards, and nothing else does: what arrives meanwhile stays unread."
  static override examples = [
    "<%= config.bin %> <%= command.id %> --unread --read",
    "<%= config.bin %> <%= command.id %> --thread msg_01JZ8Q4V6T9W2X5Y7Z0A3B6C9D --oldest"
  ]
  static override flags = {
    unread: Flags.boolean({ char: "u", summary: "Only what you have not read." }),
    read: Flags.boolean({ char: "r", summary: "Print them in full and mark these as read." }),
    all: Flags.boolean({ char: "a", summary: "Everything said in this workspace, not only to you." }),
    archive: Flags.boolean({ summary: "What you have put away." }),
    peek: Flags.boolean({ summary: "Do not let their authors know that you have seen them." }),
    thread: Flags.string({ summary: "Only this thread.", helpValue: "MESSAGE" }),
    from: Flags.string({ summary: "Only what this agent said.", helpValue: "@NAME" }),
    scope: Flags.string({ summary: "Only what belongs to this.", helpValue: "task:42" }),
    ref: Flags.string({ summary: "Only what points at this.", helpValue: "commit:9fceb02" }),
    mention: Flags.string({ summary: "Only what was addressed so.", helpValue: "@ROLE" }),
    oldest: Flags.boolean({ summary: "Oldest first." }),
    limit: Flags.integer({ char: "n", summary: "How many. Default: 20.", min: 1, max: 100 }),
    before: Flags.string({ summary: "Go on from here, as the last page said.", helpValue: "CURSOR" }),
    after: Flags.string({ summary: "Go on from here, oldest first.", helpValue: "CURSOR" })
  }

  async run() {
    const { flags } = await this.parse(MessageInbox)
    const { after, before, from: author, limit, mention, ref, scope, thread } = flags
    const client = this.client()
    const page = await client.call("message.list", {
      ...given({ after, author, before, limit, mention, ref, scope, thread }),
      ...(flags.archive ? { box: "archive" as const } : flags.all ? { box: "all" as const } : {}),
      ...(flags.unread ? { unread: true } : {}),
      ...(flags.peek ? { peek: true } : {}),
      ...(flags.oldest ? { oldest: true } : {}),
      ...standing()
    })
    const { messageFull, messageLine } = await import("../../words/MessageText.ts")
    const { whole } = await import("../../messages/wholeMessage.ts")
    const messages = flags.read ? await Promise.all(page.messages.map(({ id }) => whole(client, id))) : page.messages
    for (const message of messages) this.log(flags.read ? `${messageFull(message)}\n` : messageLine(message, false))
    if (!this.jsonEnabled() && page.next !== null)
      this.note(`more: --${flags.oldest ? "after" : "before"} ${page.next}`)
    if (!this.jsonEnabled() && messages.length === 0) {
      const narrowed = [after, author, before, mention, ref, scope, thread].some((one) => one !== undefined)
      this.note(emptyInbox({ ...flags, narrowed }, page))
    }
    const ids = page.messages.filter(({ unread }) => unread).map(({ id }) => id)
    if (!flags.read || ids.length === 0) return { ...page, messages }
    const { unread } = await client.call("message.markRead", { messages: ids, ...standing() })
    return { ...page, messages, unread }
  }
}
