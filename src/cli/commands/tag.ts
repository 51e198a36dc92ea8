import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"

export default class Tag extends AgentctlCommand {
  static override summary = "Show, add and remove a session's tags."
  static override usage = "<%= command.id %> SESSION [+TAG | -TAG]... [--add TAG]... [--remove TAG]..."
  static override examples = ["<%= config.bin %> <%= command.id %> build +ci -draft"]
  static override args = { session: sessionArg() }
  static override flags = {
    add: Flags.string({ summary: "Add this tag; may be repeated.", multiple: true, multipleNonGreedy: true }),
    remove: Flags.string({ summary: "Remove this tag; may be repeated.", multiple: true, multipleNonGreedy: true })
  }

  async run() {
    const { args, flags } = await this.parse(Tag, this.argv.map(asFlag))
    const client = this.client()
    const session =
      flags.add === undefined && flags.remove === undefined
        ? await client.call("session.get", { session: args.session })
        : await client.call("session.tag", {
            session: args.session,
            ...(flags.add === undefined ? {} : { add: flags.add }),
            ...(flags.remove === undefined ? {} : { remove: flags.remove })
          })
    this.log(session.tags.join(" "))
    return { id: session.id, name: session.name, tags: session.tags }
  }
}

/** `+ci` and `-draft` after the session's name are the short way to write the two flags. */
export const asFlag = (word: string, index: number): string => {
  if (/^\+./.test(word)) return `--add=${word.slice(1)}`
  return index > 0 && /^-[^-]/.test(word) ? `--remove=${word.slice(1)}` : word
}
