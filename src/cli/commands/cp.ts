import { AgentctlCommand } from "../AgentctlCommand.ts"
import { usage } from "../Arguments.ts"
import { Args, Flags } from "../Oclif.ts"

export default class Cp extends AgentctlCommand {
  static override summary = "Copy files and directories to and from another machine, or a session's directory."
  static override description = [
    "HOST:PATH is a file on a machine that agentctl connect keeps a connection to; without a leading slash it begins in your home directory there. SESSION:PATH, and HOST:SESSION:PATH, begin in the session's directory and cannot leave it. A file here whose name has a colon is written ./a:b.",
    "What is copied appears under its name only once it is complete and its checksum (SHA-256) was compared. When the connection breaks, the copy goes on from where it stood as soon as there is one again, also when the same command is given later. Permissions are kept, owners and times are not. A symbolic link is kept where it leads to something that is copied with it, and refused otherwise."
  ].join("\n\n")
  static override examples = [
    "<%= config.bin %> <%= command.id %> notes.md src lab:project/",
    "<%= config.bin %> <%= command.id %> lab:review:report.pdf ."
  ]
  static override usage = "<%= command.id %> [-f] [--skip] [-q] SOURCE... DESTINATION"
  static override enableHostFlag = false
  static override strict = false
  static override args = {
    source: Args.string({ required: true, ignoreStdin: true, description: "What to copy; may be repeated." }),
    destination: Args.string({
      required: true,
      ignoreStdin: true,
      description: "A directory that is there, or the copy's new name."
    })
  }
  static override flags = {
    force: Flags.boolean({
      char: "f",
      summary: "Replace files that are there; put a directory's files into one of its name."
    }),
    skip: Flags.boolean({ summary: "Leave out what cannot be copied: links that lead elsewhere, sockets, devices." }),
    quiet: Flags.boolean({ char: "q", summary: "Show no progress and print nothing." })
  }

  async run() {
    const { argv, flags } = await this.parse(Cp)
    const [{ copy }, { parsePlace }, { ProgressBar }, { bytes, printable }] = await Promise.all([
      import("../files/copy.ts"),
      import("../files/Place.ts"),
      import("../files/progressBar.ts"),
      import("../Paint.ts")
    ])
    const words = argv as ReadonlyArray<string>
    const places = words.map((word) => parsePlace(word))
    const to = places.at(-1)!
    if (places.length > 2 && to.path !== "" && !/(^|\/)\.?$/.test(to.path)) {
      throw usage("several sources need a directory to go to: end its name with a slash")
    }
    const results = []
    for (const [index, from] of places.slice(0, -1).entries()) {
      const bar = new ProgressBar(process.stderr, words[index]!)
      try {
        const result = await copy(from, to, {
          client: this.client(),
          force: flags.force,
          skip: flags.skip,
          onProgress: (progress) => {
            if (!flags.quiet && !this.jsonEnabled()) bar.update(progress)
          },
          note: (message) => {
            bar.erase()
            this.note(message)
          }
        })
        bar.erase()
        for (const path of result.skipped) this.note(`left out: ${printable(path)}`)
        const what = result.sha256 === null ? `${result.files} files, ` : ""
        const again = result.resumed > 0 ? `, ${bytes(result.resumed)} of it were there` : ""
        if (!flags.quiet) this.log(`${printable(result.path)} (${what}${bytes(result.bytes)}${again})`)
        results.push(result)
      } catch (error) {
        bar.erase()
        throw error
      }
    }
    return results
  }
}
