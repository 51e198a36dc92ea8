import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { HOSTS } from "../../client/Places.ts"
import type { Params } from "../../contract/Methods.ts"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Flags } from "../Oclif.ts"
import { TUNNEL_TAG } from "../remote/tunnelSession.ts"
import type { ListedSession } from "../words/SessionTable.ts"
import { STATES } from "../words/StateText.ts"

export default class Ls extends AgentctlCommand {
  static override summary = "List sessions."
  static override description =
    "Lists the sessions that live, newest last, those of connected machines after this one's; with --all also those that have ended."
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --all --json",
    "<%= config.bin %> <%= command.id %> --state needs-permission --state waiting-input"
  ]
  static override flags = {
    all: Flags.boolean({ char: "a", summary: "Ended sessions too." }),
    tag: Flags.string({ char: "t", summary: "Only sessions with this tag.", helpValue: "TAG" }),
    status: Flags.string({
      summary: "Only sessions whose process is there so.",
      options: ["starting", "running", "stopping", "exited", "interrupted"] as const
    }),
    state: Flags.string({
      summary: "Only sessions whose program does this; may be repeated.",
      options: STATES,
      multiple: true,
      multipleNonGreedy: true
    }),
    long: Flags.boolean({ char: "l", summary: "What each uses, too: memory, processor time, processes." }),
    quiet: Flags.boolean({ char: "q", summary: "Only ids, one a line." })
  }

  async run() {
    const { flags } = await this.parse(Ls)
    const client = this.client()
    const wanted = {
      ...(flags.all ? { all: true } : {}),
      ...(flags.long ? { usage: true } : {}),
      ...(flags.tag === undefined ? {} : { tag: flags.tag }),
      ...(flags.state === undefined ? {} : { state: flags.state as Array<"idle"> }),
      ...(flags.status === undefined ? {} : { status: flags.status as "running" })
    }
    const listed = (await client.call("session.list", wanted)).sessions
    // What keeps the connections to other machines is shown by "hosts".
    const own = flags.all || flags.tag !== undefined ? listed : listed.filter(({ tags }) => !tags.includes(TUNNEL_TAG))
    const elsewhere = this.host === undefined && existsSync(join(dirname(client.socket), HOSTS))
    const sessions = elsewhere ? [...own, ...(await this.#elsewhere(wanted))] : own
    if (this.jsonEnabled()) return sessions
    const { sessionTable } = await import("../words/SessionTable.ts")
    if (flags.quiet) for (const session of sessions) this.log(referenceOf(session))
    else if (sessions.length > 0) this.log(sessionTable(sessions, flags.long))
    else if (process.stdout.isTTY) this.log(`No sessions. "agentctl run" starts one.`)
    return sessions
  }

  async #elsewhere(wanted: Params<"session.list">): Promise<ReadonlyArray<ListedSession>> {
    const { listElsewhere } = await import("../remote/listElsewhere.ts")
    const { sessions, silent } = await listElsewhere(wanted)
    for (const host of silent) this.note(`${host} does not answer. "agentctl hosts" shows its connection.`)
    return sessions
  }
}

const referenceOf = ({ host, id }: ListedSession): string => (host === undefined ? id : `${host}:${id}`)
