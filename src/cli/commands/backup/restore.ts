import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { restoreBackup } from "../../daemon/restoreBackup.ts"
import { Args, Flags } from "../../Oclif.ts"

export default class BackupRestore extends AgentctlCommand {
  static override enableHostFlag = false
  static override summary = "Put a backup back in place of what the daemon keeps now."
  static override description =
    "Reads and checks all of it first, makes a backup of what is there, stops the daemon, puts it in place and starts the daemon again. Not while a session lives. Works without a daemon, too, and where a damaged store keeps one from starting. Your configuration file is put back only where there is none, or with --config."
  static override examples = [
    "<%= config.bin %> <%= command.id %> latest",
    "<%= config.bin %> <%= command.id %> bak_01JZ8Q4V6T9W2X5Y7Z0A3B6C9D --from /mnt/usb/agentd --config"
  ]
  static override args = {
    backup: Args.string({ required: true, ignoreStdin: true, description: 'Its id, or "latest".' })
  }
  static override flags = {
    from: Flags.string({ summary: "In another directory than the configured one.", helpValue: "DIRECTORY" }),
    config: Flags.boolean({ summary: "The configuration file, too, though there is one." }),
    yes: Flags.boolean({ char: "y", summary: "Do not ask." })
  }

  async run() {
    const { args, flags } = await this.parse(BackupRestore)
    const done = await restoreBackup({
      client: this.client({ start: false }),
      backup: args.backup,
      from: flags.from,
      config: flags.config,
      yes: flags.yes,
      note: (message) => this.note(message)
    })
    this.log(`Put back: ${done.backup.id} of ${new Date(done.backup.at).toISOString()}`)
    if (done.saved !== null) this.log(`What was there before: agentctl backup restore ${done.saved}`)
    if (done.aside !== null) this.log(`What was there before could not be backed up and lies in ${done.aside}`)
    return done
  }
}
