import type { Client } from "../../client/Client.ts"
import { mayReturn } from "../../client/Watch.ts"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Flags } from "../Oclif.ts"
import { stdout } from "../print.ts"
import { given, standing } from "../standing.ts"
import { agentsIn, subscribedLine } from "../words/subscribedLine.ts"

export default class Subscribe extends AgentctlCommand {
  static override summary = "Print what concerns you as it happens: messages to you, or what you name."
  static override description =
    "All that is named must hold. Goes on across restarts of the daemon, without a gap. With --json one event a line."
  static override examples = [
    "<%= config.bin %> <%= command.id %> --thread msg_01JZ8Q4V6T9W2X5Y7Z0A3B6C9D",
    "<%= config.bin %> <%= command.id %> --agent @reviewer --type agent.status --json"
  ]
  static override flags = {
    scope: Flags.string({ summary: "Messages that belong to this.", helpValue: "task:42" }),
    mention: Flags.string({ summary: "Messages that are addressed so.", helpValue: "@ROLE" }),
    thread: Flags.string({ summary: "Messages of this thread.", helpValue: "MESSAGE" }),
    agent: Flags.string({ summary: "Events from, to or about this agent.", helpValue: "@NAME" }),
    type: Flags.string({
      summary: "Events of this type; may be repeated.",
      helpValue: "TYPE",
      multiple: true,
      multipleNonGreedy: true
    }),
    after: Flags.integer({ summary: "First what came after this sequence number.", min: 0, helpValue: "SEQ" })
  }

  async run() {
    const { flags } = await this.parse(Subscribe)
    const { after, agent, mention, scope, thread, type } = flags
    stdout().on("error", () => process.exit(0))
    const interest = { ...given({ agent, mention, scope, thread, types: type }), ...standing() }
    const client = this.client()
    const addresses = new Map<string, string>()
    for await (const event of client.watch({ interest, reconnect: true, ...given({ after }) })) {
      if (this.jsonEnabled()) stdout().write(`${JSON.stringify(event)}\n`)
      else {
        if (agentsIn(event).some((id) => !addresses.has(id))) await learn(client, addresses)
        this.log(subscribedLine(event, (id) => addresses.get(id) ?? id))
      }
    }
  }
}

/** Events name agents by id. Who is unknown is asked for once; a daemon that is away at that moment is not waited for. */
const learn = async (client: Client, addresses: Map<string, string>): Promise<void> => {
  try {
    const { agents } = await client.call("agent.list", { deleted: true, ...standing() })
    for (const { address, id } of agents) addresses.set(id, address)
  } catch (error) {
    if (!mayReturn(error)) throw error
  }
}
