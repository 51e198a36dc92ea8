import { resolve } from "node:path"
import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { Flags } from "../../Oclif.ts"

export default class BackupList extends AgentctlCommand {
  static override summary = "List the backups there are, oldest first."
  static override flags = {
    from: Flags.string({ summary: "Those in another directory than the configured one.", helpValue: "DIRECTORY" })
  }

  async run() {
    const { flags } = await this.parse(BackupList)
    const listed = await this.client().call(
      "backup.list",
      flags.from === undefined ? {} : { from: resolve(flags.from) }
    )
    if (this.jsonEnabled()) return listed
    const { age, bytes, printable, table } = await import("../../Paint.ts")
    const { backups, damaged, directory, next } = listed
    if (backups.length === 0) this.log(`No backups in ${printable(directory)}. "agentctl backup create" makes one.`)
    else
      this.log(
        table(backups, [
          { title: "BACKUP", value: ({ id }) => id, colour: () => "bold" },
          { title: "MADE", value: ({ at }) => new Date(at).toISOString() },
          { title: "AGO", value: ({ at }) => age(at) },
          { title: "WHY", value: ({ reason }) => reason },
          { title: "SESSIONS", value: ({ sessions }) => String(sessions) },
          { title: "SIZE", value: ({ bytes: size }) => bytes(size) },
          { title: "HOST", value: ({ host }) => printable(host) }
        ])
      )
    for (const { file, reason } of damaged) this.note(`damaged: ${printable(file)} ${printable(reason)}`)
    if (next !== null) this.note(`next by the schedule: ${new Date(next).toISOString()}`)
    return listed
  }
}
