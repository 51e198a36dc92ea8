import { resolve } from "node:path"
import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { orByProgram } from "../../daemon/backupsOffline.ts"
import { Flags } from "../../Oclif.ts"
import { given } from "../../standing.ts"

export default class BackupList extends AgentctlCommand {
  static override summary = "List the backups there are, oldest first."
  static override flags = {
    from: Flags.string({ summary: "Those in another directory than the configured one.", helpValue: "DIRECTORY" })
  }

  async run() {
    const { flags } = await this.parse(BackupList)
    const from = flags.from === undefined ? undefined : resolve(flags.from)
    const listed = await orByProgram({
      ask: () => this.client().call("backup.list", given({ from })),
      args: ["--list-backups", ...(from === undefined ? [] : ["--from", from])],
      note: (message) => this.note(message)
    })
    if (this.jsonEnabled()) return listed
    const { age, bytes, printable, table } = await import("../../Paint.ts")
    const { backups, damaged, directory, next } = listed
    const way = from === undefined ? '"agentctl backup create" makes one.' : "Is it the right directory?"
    if (backups.length + damaged.length === 0) this.log(`No backups in ${printable(directory)}. ${way}`)
    if (backups.length > 0)
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
