import { AgentctlCommand } from "../../AgentctlCommand.ts"

export default class BackupCreate extends AgentctlCommand {
  static override summary = "Make a backup of what the daemon keeps."
  static override description =
    "The store with its events, agents and messages, the transcripts, and your configuration file, as they are at this moment; sessions run on. What an earlier backup holds already takes no space again. Older ones go as [backup] in the configuration says."

  async run() {
    await this.parse(BackupCreate)
    const made = await this.client().call("backup.create", {})
    if (this.jsonEnabled()) return made
    const { bytes, printable } = await import("../../Paint.ts")
    this.log(`${made.id}: ${made.parts} files, ${bytes(made.bytes)}; it takes ${bytes(made.stored)} of disk space`)
    for (const path of made.skipped) this.note(`not in it, because it is no regular file: ${printable(path)}`)
    if (made.removed.length > 0) this.log(`removed: ${made.removed.join(" ")}`)
    return made
  }
}
