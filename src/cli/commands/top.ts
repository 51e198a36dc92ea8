import { AgentctlCommand } from "../AgentctlCommand.ts"
import { duration } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"

export default class Top extends AgentctlCommand {
  static override summary = "Watch live sessions: state, processor, memory, tasks, output, age."
  static override description =
    "Keys: q quits, arrows choose, enter attaches, s stops after asking, c m o n sort by processor, memory, output, name. Without a terminal, with --once or with --json it looks twice, an interval apart, and prints what was used in between."
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --once --sort memory"
  ]
  static override flags = {
    ascii: Flags.boolean({ summary: "Graphs in ASCII; also where the locale is not UTF-8." }),
    interval: Flags.custom<number>({ parse: duration })({
      char: "i",
      summary: "Time between two looks, at least 100ms. Default: 1s.",
      helpValue: "1s"
    }),
    once: Flags.boolean({ summary: "Print once and end." }),
    sort: Flags.string({
      summary: "What comes first.",
      options: ["cpu", "memory", "output", "name"] as const,
      default: "cpu"
    })
  }

  async run() {
    const { flags } = await this.parse(Top)
    // It watches what there is: a daemon that somebody stops is not to come back because of it.
    const client = this.client({ start: false })
    const intervalMs = Math.max(MIN_INTERVAL_MS, flags.interval ?? INTERVAL_MS)
    const sort = flags.sort as "cpu"
    const { onTerminal } = await import("../terminal/attachTo.ts")
    if (flags.once || this.jsonEnabled() || !onTerminal()) {
      const { asJson, asTable, sample } = await import("../top/once.ts")
      const rows = await sample(client, intervalMs, sort)
      if (rows.length > 0) this.log(asTable(rows))
      return rows.map(asJson)
    }
    const { showsUnicode } = await import("../fullscreen/cells.ts")
    const { watch } = await import("../top/watch.ts")
    const { signalExitCode } = await import("../terminal/ProgramEnd.ts")
    const { paint } = await import("../Paint.ts")
    const signal = await watch(client, {
      intervalMs,
      sort,
      ascii: flags.ascii || !showsUnicode(process.env),
      colour: paint(process.stdout, "bold", "x") !== "x"
    })
    if (signal !== null) process.exitCode = signalExitCode(signal)
    return []
  }
}

/** Milliseconds between two looks, and the fewest: a look costs some file reads for each session. */
const INTERVAL_MS = 1_000
const MIN_INTERVAL_MS = 100
