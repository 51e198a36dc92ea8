import { AgentctlCommand } from "../AgentctlCommand.ts"

export default class Forwards extends AgentctlCommand {
  static override summary = "List the ports that connections to other machines forward, and how each is doing."
  static override enableHostFlag = false

  async run() {
    await this.parse(Forwards)
    const [{ listHosts }, { printable, table }] = await Promise.all([
      import("../../client/remote/Hosts.ts"),
      import("../Paint.ts")
    ])
    const rows = (await listHosts()).flatMap(({ forwards, name }) => forwards.map((one) => ({ host: name, ...one })))
    if (rows.length > 0) {
      this.log(
        table(rows, [
          { title: "HOST", value: ({ host }) => printable(host), colour: () => "bold" },
          {
            title: "LISTENS",
            value: ({ direction, listen }) => `${direction === "local" ? "here" : "there"} ${printable(listen)}`
          },
          {
            title: "LEADS TO",
            value: ({ direction, to }) => `${direction === "local" ? "there" : "here"} ${printable(to)}`
          },
          {
            title: "STATE",
            value: ({ reason, state }) => (reason === null ? state : `${state}: ${printable(reason)}`),
            colour: ({ state }) => (state === "open" ? "green" : "yellow")
          }
        ])
      )
    } else if (process.stdout.isTTY) this.log(`Nothing is forwarded. "agentctl forward" does it.`)
    return rows
  }
}
