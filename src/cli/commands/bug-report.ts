import { writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { gzipSync } from "node:zlib"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import { AgentctlCommand, CommandFailed } from "../AgentctlCommand.ts"
import { Flags } from "../Oclif.ts"
import { bytes, printable, table } from "../Paint.ts"

export default class BugReport extends AgentctlCommand {
  /** It looks at the machine it runs on. */
  static override enableHostFlag = false
  static override summary = "Write what is needed to find out what went wrong into one file, without your secrets."
  static override description =
    "Versions, doctor, configuration, units, figures, kinds of events and the end of the daemon's log. Never the output of a session. Secrets, your name, home and machine, and what sessions were given to do are taken out; look it through all the same. Nothing is sent anywhere. Works without a daemon, and starts none."
  static override examples = [
    "<%= config.bin %> <%= command.id %> --dry-run",
    "<%= config.bin %> <%= command.id %> -o report.tar.gz"
  ]
  static override flags = {
    output: Flags.string({
      char: "o",
      summary: "The file to write. Default: agentd-bug-report-TIME.tar.gz here.",
      helpValue: "FILE"
    }),
    lines: Flags.integer({ char: "n", summary: "So many lines of log.", default: 500, min: 0 }),
    "with-commands": Flags.boolean({ summary: "Names, directories and arguments of sessions too." }),
    "dry-run": Flags.boolean({ summary: "Only list what would be in it." })
  }

  async run() {
    const { flags } = await this.parse(BugReport)
    const { counts, makeReport } = await import("../bugreport/report.ts")
    const { files, redacted } = await makeReport(this.client({ start: false }), {
      lines: flags.lines,
      withCommands: flags["with-commands"]
    })
    this.log(
      table(files, [
        { title: "NAME", value: ({ name }) => name },
        { title: "SIZE", value: (file) => bytes(file.bytes) },
        { title: "WHAT IT IS", value: ({ about }) => about }
      ])
    )
    this.log(`\nTaken out: ${counts(redacted)}.`)
    const listed = files.map(({ about, name, bytes: size }) => ({ name, about, bytes: size }))
    if (flags["dry-run"]) return { file: null, files: listed, redacted }
    const { tar } = await import("../bugreport/tar.ts")
    const now = new Date()
    const stamp = `agentd-bug-report-${now.toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-")}`
    const file = resolve(flags.output ?? `${stamp}.tar.gz`)
    const archive = gzipSync(
      tar(
        files.map(({ name, text }) => ({ name: `${stamp}/${name}`, text })),
        now
      )
    )
    writeNew(file, archive)
    this.log(`Wrote ${printable(file)} (${bytes(archive.length)}). Look it through before you give it away.`)
    return { file, files: listed, redacted }
  }
}

/** Readable for its owner only, from its first byte on, and never over something that is there. */
const writeNew = (file: string, content: Uint8Array): void => {
  try {
    writeFileSync(file, content, { mode: 0o600, flag: "wx" })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === "EEXIST") throw new CommandFailed(`${file} exists; name another file with -o`, ExitCode.Conflict)
    throw new CommandFailed(`it could not be written: ${message}`)
  }
}
