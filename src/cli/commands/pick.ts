import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Flags } from "../Oclif.ts"
import { programOf } from "../starting/programOf.ts"
import { onTerminal, terminalSize } from "../terminal/attachTo.ts"

export default class Pick extends AgentctlCommand {
  static override summary = "Choose a session on a full screen; what agentctl does without arguments."
  static override description =
    "Shows the sessions that live, of connected machines too, each with its state, age and last line, and the chosen one's screen. Keys: enter attaches, v only watches, s stops after asking, r renames, n starts a new one, / filters, arrows choose, q quits; after detaching the list is back. Without a terminal, or on one that cannot place its cursor (TERM=dumb), it prints the list and ends."
  static override enableJsonFlag = false
  static override flags = {
    ascii: Flags.boolean({ summary: "Lines in ASCII; also where the locale is not UTF-8." })
  }

  async run() {
    const { flags } = await this.parse(Pick)
    if (!onTerminal() || !process.env.TERM || process.env.TERM === "dumb") return this.#list()
    // Starts a daemon if none runs; afterwards one that somebody stops is not to come back because of a list.
    await this.client().call("health", {})
    const { Client } = await import("../../client/Client.ts")
    const { showsUnicode } = await import("../fullscreen/cells.ts")
    const { paint } = await import("../Paint.ts")
    const { pick } = await import("../picker/pick.ts")
    const { throughHost } = await import("../../client/remote/Hosts.ts")
    const { signalExitCode } = await import("../terminal/ProgramEnd.ts")
    await using watching = this.host === undefined ? new Client() : new Client({ connect: throughHost(this.host) })
    const signal = await pick(watching, {
      ascii: flags.ascii || !showsUnicode(process.env),
      colour: paint(process.stdout, "bold", "x") !== "x",
      elsewhere: this.host === undefined,
      start: async (argv) => {
        const program = await programOf(this.host, argv ?? [])
        const access = argv === null ? { access: "most" as const } : {}
        return (await this.client().call("session.start", { ...program, ...access, ...terminalSize() })).id
      }
    })
    if (signal !== null) process.exitCode = signalExitCode(signal)
  }

  async #list(): Promise<void> {
    const { default: Ls } = await import("./ls.ts")
    await new Ls(this.host === undefined ? [] : ["--host", this.host], this.config).run()
    this.note('"agentctl attach NAME" attaches to one; "agentctl help" lists the commands.')
  }
}
