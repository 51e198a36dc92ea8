import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg, usage } from "../Arguments.ts"
import { noTime, parseSince } from "../logs/since.ts"
import { Flags } from "../Oclif.ts"
import { followAll } from "../output/followAll.ts"
import { followOutput } from "../output/followOutput.ts"
import { MatchingLines } from "../output/MatchingLines.ts"

export default class Logs extends AgentctlCommand {
  static override summary = "Print what a session has printed."
  static override description =
    "As text without escape sequences, unless standard output is a terminal or --raw asks for the bytes as they were. --cast gives an asciicast v3 recording."
  static override examples = [
    "<%= config.bin %> <%= command.id %> build --tail 20",
    "<%= config.bin %> <%= command.id %> build --grep 'error|warning' --follow",
    "<%= config.bin %> <%= command.id %> build --since 10m",
    "<%= config.bin %> <%= command.id %> build --cast > build.cast",
    "<%= config.bin %> <%= command.id %> agent --all"
  ]
  static override enableJsonFlag = false
  static override args = { session: sessionArg() }
  static override flags = {
    all: Flags.boolean({ char: "a", summary: "What the sessions that it continues have printed before, too." }),
    follow: Flags.boolean({ char: "f", summary: "Go on with new output until the session ends." }),
    text: Flags.boolean({ summary: "Text without escape sequences (the default).", exclusive: ["raw", "cast"] }),
    raw: Flags.boolean({ summary: "The bytes as the program wrote them.", exclusive: ["text", "cast"] }),
    cast: Flags.boolean({ summary: "An asciicast v3 recording.", exclusive: ["text", "raw"] }),
    since: Flags.string({
      summary: "Only what was printed from then on: 10m, 2h, 3d, today, 2026-03-01, 2026-03-01 14:00.",
      helpValue: "TIME",
      exclusive: ["cast", "all"]
    }),
    grep: Flags.string({
      summary: "Only lines of the text that match this JavaScript regular expression.",
      helpValue: "REGEX",
      exclusive: ["raw", "cast", "all"]
    }),
    tail: Flags.integer({
      char: "n",
      summary: "Only the last lines.",
      min: 0,
      helpValue: "LINES",
      exclusive: ["cast", "all"]
    })
  }

  async run() {
    const { args, flags } = await this.parse(Logs)
    const client = this.client()
    const format = flags.raw ? "raw" : flags.cast ? "cast" : "text"
    const matching = flags.grep === undefined ? undefined : new MatchingLines(pattern(flags.grep))
    const missing = flags.all
      ? await followAll(client, { session: args.session, format, follow: flags.follow })
      : await followOutput(client, {
          session: args.session,
          format,
          follow: flags.follow,
          ...(flags.since === undefined ? {} : { since: moment(flags.since) }),
          ...(flags.tail === undefined ? {} : { tail: flags.tail }),
          ...(matching === undefined ? {} : { edit: (text: string, last: boolean) => matching.push(text, last) })
        })
    if (missing > 0) this.note(`agentctl: ${missing} bytes are missing: they were not recorded or are gone.`)
  }
}

const moment = (text: string): number => {
  const at = parseSince(text, Date.now())
  if (at === null) throw usage(`--since: ${noTime(text)}`)
  return at
}

const pattern = (text: string): RegExp => {
  try {
    return new RegExp(text, "u")
  } catch (cause) {
    throw usage(`--grep: ${(cause as Error).message}`)
  }
}
