import { resolve } from "node:path"
import { ExitCode } from "../../../contract/errors/ErrorCodes.ts"
import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { orByProgram } from "../../daemon/backupsOffline.ts"
import { Args, Flags } from "../../Oclif.ts"
import { given } from "../../standing.ts"

export default class BackupVerify extends AgentctlCommand {
  static override summary = "Read every byte of a backup, or of all, and compare it with its checksum."
  static override description = "Names each part that is damaged, and ends with 1 if there is any."
  static override args = {
    backup: Args.string({ ignoreStdin: true, description: 'Its id, or "latest". Default: all.' })
  }
  static override flags = {
    from: Flags.string({ summary: "In another directory than the configured one.", helpValue: "DIRECTORY" })
  }

  async run() {
    const { args, flags } = await this.parse(BackupVerify)
    const from = flags.from === undefined ? undefined : resolve(flags.from)
    const { backup } = args
    const verified = await orByProgram({
      ask: () => this.client().call("backup.verify", given({ backup, from })),
      args: ["--verify-backup", backup ?? "all", ...(from === undefined ? [] : ["--from", from])],
      note: (message) => this.note(message)
    })
    const { bytes, printable } = await import("../../Paint.ts")
    for (const { bytes: size, damaged, id, parts } of verified.backups) {
      this.log(`${id}: ${damaged.length === 0 ? "whole" : "DAMAGED"}, ${parts} files, ${bytes(size)}`)
      for (const { part, reason } of damaged) this.log(`  ${printable(part)} ${printable(reason)}`)
    }
    for (const { file, reason } of verified.damaged) this.log(`${printable(file)}: DAMAGED, it ${printable(reason)}`)
    if (verified.damaged.length > 0 || verified.backups.some(({ damaged }) => damaged.length > 0))
      process.exitCode = ExitCode.Failed
    return verified
  }
}
