import { existsSync } from "node:fs"
import { AgentdError } from "../../../client/AgentdError.ts"
import { ExitCode } from "../../../contract/errors/ErrorCodes.ts"
import { AgentctlCommand, CommandFailed } from "../../AgentctlCommand.ts"
import { journalArguments, LEVELS } from "../../logs/Filter.ts"
import { logPlace } from "../../logs/Place.ts"
import { noTime, parseSince } from "../../logs/since.ts"
import { Flags } from "../../Oclif.ts"

/** What a session is called by whoever sees its id. */
const SESSION_ID = /^ses_[0-9A-Z]{26}$/

export default class DaemonLogs extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Print the daemon's log."
  static override description =
    "From the journal where agentd is a systemd service, else from its log file. With --session what is said of one session: when it started, by whom it was stopped, how it ended."
  static override enableJsonFlag = false
  static override flags = {
    follow: Flags.boolean({ char: "f", summary: "Go on with new lines." }),
    lines: Flags.integer({ char: "n", summary: "So many lines, unless --since says from when.", default: 50, min: 0 }),
    since: Flags.string({
      summary: "From then on: 10m, 2h, 3d, today, 2026-03-01, 2026-03-01 14:00.",
      helpValue: "TIME"
    }),
    session: Flags.string({ summary: "Only lines about this session.", helpValue: "SESSION" }),
    priority: Flags.string({
      char: "p",
      summary: "Only lines of this importance or more.",
      options: [...LEVELS]
    }),
    json: Flags.boolean({ summary: "One JSON object a line." })
  }

  async run() {
    const { flags } = await this.parse(DaemonLogs)
    const since = flags.since === undefined ? undefined : parseSince(flags.since, Date.now())
    if (since === null) throw new CommandFailed(noTime(flags.since!), ExitCode.Usage)
    const level = flags.priority as (typeof LEVELS)[number] | undefined
    const session = flags.session === undefined ? undefined : await this.#session(flags.session)
    const { follow, json, lines } = flags
    const wanted = { since, session, level, follow, json, lines }
    const place = logPlace(process.env)
    if (place.kind === "journal") {
      const { readJournal } = await import("../../logs/readJournal.ts")
      process.exitCode = await readJournal(journalArguments({ ...wanted, ...place }))
      return
    }
    if (!existsSync(place.path))
      throw new CommandFailed(
        `there is no log yet: no daemon has been started by a client (${place.path})`,
        ExitCode.NotFound
      )
    const { readLogFile } = await import("../../logs/readFile.ts")
    await readLogFile({ ...wanted, path: place.path })
  }

  /** Its id, if a daemon runs and knows it; lines of sessions that are gone are found by what they were called. */
  async #session(named: string): Promise<{ readonly id: string } | { readonly name: string }> {
    if (SESSION_ID.test(named)) return { id: named }
    try {
      return { id: (await this.client({ start: false }).call("session.get", { session: named })).id }
    } catch (error) {
      if (error instanceof AgentdError && (error.tag === "NoDaemon" || error.tag === "SessionNotFound"))
        return { name: named }
      throw error
    }
  }
}
