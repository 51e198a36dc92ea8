import { extname } from "node:path"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg, usage } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"
import type { ExportFormat } from "../output/exportSession.ts"

const byEnding: Readonly<Record<string, ExportFormat>> = {
  ".cast": "cast",
  ".html": "html",
  ".htm": "html",
  ".txt": "text",
  ".text": "text"
}

export default class Export extends AgentctlCommand {
  static override summary = "Write a session to a file that others can look at."
  static override description =
    "--html: one page with everything its terminal has shown, in colour, that loads nothing from anywhere. --text: the same as text, each line as a terminal shows it. --cast: an asciicast v3 recording, as with logs --cast. Without one of them the file's ending decides."
  static override examples = [
    "<%= config.bin %> <%= command.id %> review -o review.html",
    "<%= config.bin %> <%= command.id %> build --text | less",
    "<%= config.bin %> <%= command.id %> agent --cast --all -o agent.cast"
  ]
  static override enableJsonFlag = false
  static override args = { session: sessionArg() }
  static override flags = {
    cast: Flags.boolean({ summary: "An asciicast v3 recording.", exclusive: ["html", "text"] }),
    html: Flags.boolean({ summary: "A page (HTML).", exclusive: ["cast", "text"] }),
    text: Flags.boolean({ summary: "Text.", exclusive: ["cast", "html"] }),
    output: Flags.string({
      char: "o",
      summary: "The file, readable by you alone; replaced if it is there. Default: standard output.",
      helpValue: "FILE"
    }),
    all: Flags.boolean({ char: "a", summary: "With what the sessions that it continues have shown before." })
  }

  async run() {
    const { args, flags } = await this.parse(Export)
    const format: ExportFormat | undefined = flags.cast
      ? "cast"
      : flags.html
        ? "html"
        : flags.text
          ? "text"
          : byEnding[extname(flags.output ?? "").toLowerCase()]
    if (format === undefined) throw usage("say what it is to be: --cast, --html or --text")
    const { exportSession } = await import("../output/exportSession.ts")
    const { writing } = await import("../output/OutputFile.ts")
    await writing(flags.output, async (write) => {
      const missing = await exportSession(this.client(), { session: args.session, format, all: flags.all }, write)
      if (missing > 0) this.note(`agentctl: ${missing} bytes are missing: they were not recorded or are gone.`)
    })
  }
}
