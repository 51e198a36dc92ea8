import type { Event } from "../../contract/Event.ts"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Flags } from "../Oclif.ts"
import { stdout } from "../print.ts"
import { eventLine } from "../words/eventLine.ts"

export default class Events extends AgentctlCommand {
  static override summary = "Print the events of the log, and new ones as they happen."
  static override description = "With --json one event a line while following, otherwise one array."
  static override flags = {
    follow: Flags.boolean({ char: "f", summary: "Go on with new events, also across restarts of the daemon." }),
    after: Flags.integer({ summary: "Only events after this sequence number.", min: 0, helpValue: "SEQ" })
  }

  async run() {
    const { flags } = await this.parse(Events)
    const client = this.client()
    if (flags.follow) {
      stdout().on("error", () => process.exit(0))
      const after = flags.after === undefined ? {} : { after: flags.after }
      for await (const event of client.watch({ ...after, reconnect: true })) {
        if (this.jsonEnabled()) stdout().write(`${JSON.stringify(event)}\n`)
        else this.log(eventLine(event))
      }
      return
    }
    const events: Array<Event> = []
    for (let after = flags.after ?? 0; ; ) {
      const page = await client.call("event.list", { after })
      events.push(...page.events)
      after = page.next
      if (page.events.length === 0 || page.next >= page.last) break
    }
    for (const event of events) this.log(eventLine(event))
    return events
  }
}
