/**
 * The command line of `agentd`: one program, several things it can be asked to do.
 */
import { parseArgs } from "node:util"

export type Options =
  | { readonly mode: "serve"; readonly ephemeral: boolean; readonly localOnly: boolean }
  | { readonly mode: "rebuild" }
  | { readonly mode: "doctor"; readonly json: boolean }
  | { readonly mode: "show-config"; readonly json: boolean; readonly origin: boolean }
  | { readonly mode: "check-config"; readonly file: string }
  | { readonly mode: "check-handover" }
  | { readonly mode: "restore"; readonly backup: string; readonly from: string | undefined; readonly config: boolean }
  | { readonly mode: "list-backups"; readonly from: string | undefined }
  | { readonly mode: "verify-backup"; readonly backup: string; readonly from: string | undefined }
  | { readonly mode: "backup-job" }
  | { readonly mode: "version" }
  | { readonly mode: "help" }
  | { readonly mode: "usage"; readonly reason: string }

export const HELP = `Usage: agentd [--ephemeral] [--local-only]

Runs the daemon in the foreground; the service manager, or agentctl, starts it for you.

  --ephemeral             leave once no client is connected and no session lives
  --local-only            send nothing to other installations, whatever is enabled
  --rebuild               fill the tables anew from the event log, then exit
  --doctor [--json]       look for problems and name the way out of each, then exit
  --show-config [--json] [--origin]
                          every configuration key and its value, then exit
  --check-config FILE     say what is wrong with a configuration file; exit 78 if anything is
  --check-handover        say whether this version could take over from a daemon that runs, then exit
  --restore BACKUP [--from DIRECTORY] [--with-config]
                          put a backup back while no daemon runs, then exit ("latest" is one, too)
  --list-backups [--from DIRECTORY]
                          the backups there are, as JSON, then exit
  --verify-backup BACKUP [--from DIRECTORY]
                          what is damaged of one, or of "all", as JSON, then exit
  --version, --help
`

export const parseOptions = (args: ReadonlyArray<string>): Options => {
  // The usual way, without Node's parser, which would stay in memory.
  if (args.length === 0) return { mode: "serve", ephemeral: false, localOnly: false }
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ephemeral: { type: "boolean", default: false },
        "local-only": { type: "boolean", default: false },
        rebuild: { type: "boolean" },
        doctor: { type: "boolean" },
        "show-config": { type: "boolean" },
        "check-config": { type: "string" },
        json: { type: "boolean", default: false },
        origin: { type: "boolean", default: false },
        "check-handover": { type: "boolean" },
        restore: { type: "string" },
        from: { type: "string" },
        "with-config": { type: "boolean", default: false },
        "list-backups": { type: "boolean" },
        "verify-backup": { type: "string" },
        "backup-job": { type: "boolean" },
        version: { type: "boolean" },
        help: { type: "boolean" }
      }
    })
    if (values.help) return { mode: "help" }
    if (values.version) return { mode: "version" }
    if (positionals.length > 0) return { mode: "usage", reason: `unexpected argument "${positionals[0]}"` }
    if (values["check-config"] !== undefined) return { mode: "check-config", file: values["check-config"] }
    if (values.restore !== undefined)
      return { mode: "restore", backup: values.restore, from: values.from, config: values["with-config"] }
    if (values["list-backups"]) return { mode: "list-backups", from: values.from }
    if (values["verify-backup"] !== undefined)
      return { mode: "verify-backup", backup: values["verify-backup"], from: values.from }
    if (values["backup-job"]) return { mode: "backup-job" }
    if (values["check-handover"]) return { mode: "check-handover" }
    if (values["show-config"]) return { mode: "show-config", json: values.json, origin: values.origin }
    if (values.rebuild) return { mode: "rebuild" }
    if (values.doctor) return { mode: "doctor", json: values.json }
    return { mode: "serve", ephemeral: values.ephemeral, localOnly: values["local-only"] }
  } catch (cause) {
    return { mode: "usage", reason: cause instanceof Error ? cause.message : String(cause) }
  }
}
