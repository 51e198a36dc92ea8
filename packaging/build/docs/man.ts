/**
 * The manual pages agentctl(1), agentd(8) and agentd.toml(5), from the commands, the contract and the daemon's own help.
 */
import { type Key, sections, settings, variableOf } from "../../../src/contract/config/Config.ts"
import type { Setting } from "../../../src/contract/config/Setting.ts"
import { errorCodes } from "../../../src/contract/errors/ErrorCodes.ts"
import { errorSummaries } from "../../../src/contract/Reference.ts"
import { HELP } from "../../../src/daemon/Options.ts"
import {
  type Documented,
  documentedCommands,
  explained,
  flagName,
  flagsOf,
  summaryOf,
  typedExamples,
  usageOf
} from "./commands.ts"
import { sentence } from "./markdown.ts"
import { bold, example, item, page, paragraphs, prose, section, subsection } from "./roff.ts"

interface Release {
  readonly version: string
  readonly epoch: number
}

/** Each page by its file's name. */
export const manPages = async (release: Release): Promise<Readonly<Record<string, string>>> => ({
  "agentctl.1": agentctl(release, await documentedCommands()),
  "agentd.8": agentd(release),
  "agentd.toml.5": agentdToml(release)
})

const head = (name: string, section: number, { epoch, version }: Release) => ({
  name,
  section,
  version,
  date: new Date(epoch * 1000).toISOString().slice(0, 10)
})

const see = (...pages: ReadonlyArray<string>) =>
  section("SEE ALSO", prose(pages.map((name) => `\`${name}\``).join(", ")))

const SOCKET =
  "`$AGENTD_SOCKET`, else `/run/agentd/UID/api.sock` where an administrator provides it, else `$XDG_RUNTIME_DIR/agentd/api.sock`, else `/tmp/agentd-UID/api.sock`."

const agentctl = (release: Release, commands: ReadonlyArray<Documented>): string =>
  page(
    head("agentctl", 1, release),
    "start, attach to and look after sessions of AI coding agents",
    section("SYNOPSIS", `${bold("agentctl")} \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]`),
    section(
      "DESCRIPTION",
      paragraphs(
        "A session is one program on a terminal of its own, owned by `agentd(8)`: it outlives the terminal it was started from. `agentctl` asks the user's daemon over a Unix socket, and starts it if none runs.",
        "Wherever a SESSION is asked for, an id, a unique beginning of one, a name, or `-` for the last one will do.",
        "`agentctl COMMAND --help` shows a command's flags at the terminal."
      )
    ),
    section("COMMANDS", ...commands.map(command)),
    section(
      "EXIT STATUS",
      paragraphs(
        "`run` and `attach` end with the program's own code, or 128 and the number of the signal that ended it. Else:"
      ),
      ...[
        ["0", "Done."],
        ["1", "Failed."],
        ["2", "Wrong usage."],
        ["3", "No daemon runs, and none could be started."],
        ["4", "Not found."],
        ["5", "Not allowed."],
        ["6", "The state of things does not allow it."],
        ["7", "Timed out."]
      ].map(([code, meaning]) => item(`\`${code}\``, meaning!))
    ),
    section(
      "ERRORS",
      ...Object.entries(errorCodes).map(([tag, { exit }]) =>
        item(`\`${tag}\` (exit status ${exit})`, sentence(errorSummaries[tag as keyof typeof errorSummaries]))
      )
    ),
    section(
      "ENVIRONMENT",
      item("`AGENTD_SOCKET`", "The daemon's socket, when it is not the user's usual one."),
      item("`AGENTD_BIN`", "The daemon's program, when it is not the one of the same package."),
      item("`NO_COLOR`", "Print without colours.")
    ),
    section("FILES", item("The socket", SOCKET)),
    see("agentd(8)", "agentd.toml(5)", "systemctl(1)", "journalctl(1)")
  )

const command = ({ command, id }: Documented): string => {
  const args = Object.entries(command.args ?? {}).filter(([, arg]) => arg.hidden !== true)
  const examples = typedExamples(command.examples ?? [], id)
  return subsection(
    `agentctl ${id}`,
    prose(`\`${usageOf(id, args, command)}\``),
    paragraphs(summaryOf(command)),
    ...(command.summary !== undefined && command.description !== undefined ? [paragraphs(command.description)] : []),
    ...args.map(([name, arg]) => item(`\`${name.toUpperCase()}\``, explained(arg.description, arg))),
    ...flagsOf(command).map(([name, flag]) =>
      item(flagName(name, flag), explained(flag.summary ?? flag.description, flag))
    ),
    ...(examples === "" ? [] : [example(examples)])
  )
}

const agentd = (release: Release): string =>
  page(
    head("agentd", 8, release),
    "the daemon that sessions of AI coding agents belong to",
    section("SYNOPSIS", `${bold("agentd")} [\\fIOPTIONS\\fR]`),
    section(
      "DESCRIPTION",
      paragraphs(
        "One daemon for each user keeps terminals, transcripts and the record of what happened. It runs in the foreground; the service manager, or `agentctl(1)`, starts it.",
        "Under systemd every session is a service of its own, `agentd-session-ID.service` in `app-agentd.slice`, and systemd keeps the terminals while the daemon is down: a crash, a restart or an upgrade of the daemon ends no session. Where there is no user manager, sessions are the daemon's children."
      )
    ),
    section("OPTIONS", ...options()),
    section(
      "SIGNALS",
      item("`SIGHUP`", "Read the configuration anew. A wrong one is refused as a whole and changes nothing."),
      item(
        "`SIGUSR2`",
        "Become the version that is installed now, in place: the same process, with its sessions and clients. A version that would not start is refused, and the log says why. Under a systemd user manager nothing happens; systemd restarts the daemon there."
      ),
      item(
        "`SIGTERM`, `SIGINT`",
        "Answer what is still being answered, then leave with 0. Under systemd the sessions stay."
      )
    ),
    section(
      "EXIT STATUS",
      item("`0`", "Stopped as asked."),
      item("`64`", "Wrong usage."),
      item("`70`", "Something of agentd's own broke; the log says what."),
      item("`74`", "The state cannot be used or written."),
      item("`75`", "Another daemon of this user runs; its pid is printed."),
      item("`78`", "The configuration, or a directory it names, is wrong; file, line and key are printed.")
    ),
    section(
      "UNITS",
      item("`agentd.socket`", "For user managers: the socket. Enabled by preset; its first client starts the daemon."),
      item("`agentd.service`", "For user managers: the daemon. Settings of your own: `systemctl --user edit agentd`."),
      item(
        "`app-agentd.slice`",
        "For user managers: the daemon and all its sessions; the place for limits on all of them together."
      ),
      item(
        "`agentd@UID.socket`, `agentd@UID.service`",
        "For hosts without user managers, enabled by the administrator."
      )
    ),
    section(
      "FILES",
      item("`$XDG_RUNTIME_DIR/agentd/`", "Socket and pid file."),
      item("`~/.local/state/agentd/`", "Event log, transcripts, backups; `$XDG_STATE_HOME/agentd/` if that is set."),
      item("`~/.config/agentd/agentd.toml`", "The user's configuration; `$XDG_CONFIG_HOME/agentd/` if that is set."),
      item("`/etc/agentd/agentd.toml`, `/etc/agentd/conf.d/*.toml`", "The administrator's, which can lock keys."),
      item("`/etc/agentd/sandbox.d/*.toml`", "The administrator's sandbox profiles, by name."),
      item("`/usr/share/agentd/agentd.toml`", "The distribution's.")
    ),
    section("ENVIRONMENT", paragraphs("Every key of `agentd.toml(5)` is also a variable, named there.")),
    see("agentctl(1)", "agentd.toml(5)", "systemd.service(5)", "journalctl(1)", "loginctl(1)")
  )

/** `  --flag ARG   meaning`, and lines that go on under the meaning, as the program prints them. */
const options = (): ReadonlyArray<string> => {
  const found: Array<{ term: string; meaning: string }> = []
  for (const line of HELP.split("\n").filter((text) => text.startsWith("  "))) {
    const [, term, meaning = ""] = /^ {2}(-\S.*?)(?: {2,}(.*))?$/.exec(line) ?? []
    if (term !== undefined) found.push({ term, meaning })
    else found.at(-1)!.meaning += ` ${line.trim()}`
  }
  return found.map(({ meaning, term }) =>
    item(
      `\`${term}\``,
      meaning.trim() === ""
        ? "Print it and leave."
        : sentence(meaning.trim().replace(/^./, (first) => first.toUpperCase()))
    )
  )
}

const agentdToml = (release: Release): string =>
  page(
    head("agentd.toml", 5, release),
    "configuration of agentd",
    section(
      "DESCRIPTION",
      paragraphs(
        "TOML, in layers of which a later one wins key by key: built-in values, `/usr/share/agentd/agentd.toml`, `/etc/agentd/agentd.toml`, `/etc/agentd/conf.d/*.toml` in the order of their names, `~/.config/agentd/agentd.toml`, variables. Nothing is read from the directory that a session works in.",
        "Durations are a whole number and one of `ms`, `s`, `m`, `h`, `d`; sizes a whole number and one of `B`, `KiB`, `MiB`, `GiB`, `TiB`.",
        "`agentctl config show --origin` prints every value and where it comes from, `agentctl config check FILE` what is wrong with a file. Editors find a JSON Schema in `/usr/share/agentd/agentd.schema.json`."
      )
    ),
    ...Object.keys(sections).flatMap((name) => {
      const keys = [...settings].filter(([key]) => key.startsWith(`${name}.`)) as ReadonlyArray<[Key, Setting]>
      return keys.length === 0 ? [] : [section(`[${name}]`, ...keys.map((entry) => setting(name, entry)))]
    }),
    section(
      "LOCKS",
      paragraphs(
        "A file under `/etc/agentd` may lock keys; a later layer that sets one is refused, with both places named:"
      ),
      example('[transcript]\nkeep_for = "90d"\n\n[lock]\nkeys = ["transcript.keep_for"]')
    ),
    see("agentd(8)", "agentctl(1)")
  )

const setting = (
  section: string,
  [key, { applies, default: fallback, description, expected }]: readonly [Key, Setting]
) =>
  item(
    `\`${key.slice(section.length + 1)}\``,
    [
      sentence(description),
      `Expected: ${expected.replace(/: a whole number and one of .*/, "")}.`,
      fallback === null ? "Not set by default." : `Default: \`${JSON.stringify(fallback)}\`.`,
      `Applies on ${applies}. Variable: \`${variableOf(key)}\`.`
    ].join(" ")
  )
