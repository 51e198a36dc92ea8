/**
 * systemd's user manager: the units that a package installed, or the same ones written for the user with this program's path.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { environmentFile, writeEnvironment } from "./EnvironmentFile.ts"
import { MARK, removeOwn, writeOwn } from "./OwnFiles.ts"
import type { Status, Supervisor } from "./Supervisor.ts"
import { ask, must, type Surroundings } from "./Surroundings.ts"

/** Where packages put user units (systemd.unit(5)). */
const PACKAGED = ["/etc/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user"]

/** The first that keeps descriptors while a service is stopped, and knows Type=notify-reload. */
const PRESERVES = 254

export class Systemd implements Supervisor {
  readonly #place: Surroundings
  readonly #folder: string
  readonly #environment: string

  constructor(place: Surroundings) {
    this.#place = place
    this.#folder = join(place.env.XDG_CONFIG_HOME || join(place.home, ".config"), "systemd/user")
    this.#environment = environmentFile(place.env, place.home)
  }

  install(variables: Readonly<Record<string, string>>): ReadonlyArray<string> {
    const files = { ...(this.#packaged() === null ? this.#units() : {}), [this.#dropIn()]: this.#environmentDropIn() }
    writeOwn(files)
    writeEnvironment(this.#environment, variables)
    this.#systemctl("daemon-reload")
    if (this.#packaged() !== null) this.#systemctl("unmask", "agentd.socket")
    this.#systemctl("enable", "--now", "agentd.socket")
    return [
      ...Object.keys(files).map((file) => `Wrote ${file}`),
      `Wrote ${this.#environment} (0600): ${Object.keys(variables).join(", ")}`,
      "Enabled agentd.socket: the first command starts the daemon.",
      ...this.#linger()
    ]
  }

  uninstall(): ReadonlyArray<string> {
    this.#systemctl("disable", "--now", "agentd.socket")
    ask(this.#place, "systemctl", "--user", "stop", "agentd.service")
    const removed = removeOwn([...Object.keys(this.#units()), this.#dropIn()])
    // What a package enabled for everybody can only be declined by a mask.
    if (this.#packaged() !== null) this.#systemctl("mask", "agentd.socket")
    if (existsSync(this.#environment)) rmSync(this.#environment)
    this.#systemctl("daemon-reload")
    return ["Disabled agentd.socket.", ...removed.map((file) => `Removed ${file}`), "Sessions' records were kept."]
  }

  start(): ReadonlyArray<string> {
    this.#systemctl("start", "agentd.socket", "agentd.service")
    return ["Started agentd.socket and agentd.service."]
  }

  stop(): ReadonlyArray<string> {
    this.#systemctl("stop", "agentd.socket", "agentd.service")
    return ["Stopped agentd.socket and agentd.service."]
  }

  restart(): ReadonlyArray<string> {
    this.#systemctl("restart", "agentd.service")
    return ["Restarted agentd.service."]
  }

  keepsSessions = (): boolean => this.#version() >= PRESERVES

  status(): Status {
    const shown = ask(
      this.#place,
      "systemctl",
      "--user",
      "show",
      "--property=FragmentPath,ActiveState,NeedDaemonReload,ExecStart",
      "agentd.service"
    )
    const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(shown.stdout)?.[1] ?? ""
    const program = /path=([^ ;]+)/.exec(value("ExecStart"))?.[1]
    const enabled = ask(this.#place, "systemctl", "--user", "is-enabled", "agentd.socket").stdout.trim()
    return {
      supervisor: "systemd",
      installed: value("FragmentPath") !== "" && enabled === "enabled",
      running: value("ActiveState") === "active",
      definition: value("FragmentPath") || null,
      environment: existsSync(this.#environment) ? this.#environment : null,
      notes: [
        ...(shown.code === 0 ? [] : [`the user manager does not answer: ${shown.stderr.trim()}`]),
        ...(program !== undefined && !existsSync(program)
          ? [`${program}, which the unit starts, is gone: run "agentctl service install" again`]
          : []),
        ...(value("NeedDaemonReload") === "yes"
          ? ['units have changed on disk: run "systemctl --user daemon-reload"']
          : []),
        ...this.#linger()
      ]
    }
  }

  /** The socket unit of a package; null where there is none. */
  #packaged(): string | null {
    return PACKAGED.map((folder) => join(folder, "agentd.socket")).find((file) => existsSync(file)) ?? null
  }

  #dropIn = (): string => join(this.#folder, "agentd.service.d/50-environment.conf")

  // Without the minus sign a removed file would keep the daemon from starting.
  #environmentDropIn = (): string => `# ${MARK}.\n[Service]\nEnvironmentFile=-${specifiers(this.#environment)}\n`

  /** The package's templates, as files of the user's own. */
  #units(): Readonly<Record<string, string>> {
    const from = join(this.#place.templates, "systemd/user")
    if (!existsSync(from)) return {}
    const version = this.#version()
    const bin = specifiers(dirname(this.#place.program)).replaceAll(" ", "\\x20")
    return Object.fromEntries(
      readdirSync(from, { recursive: true, encoding: "utf8" })
        .filter((file) => /\.(service|socket|slice|conf)$/.test(file))
        // A drop-in for a later systemd says so in its name.
        .filter((file) => Number(/systemd-(\d+)\.conf$/.exec(file)?.[1] ?? 0) <= version)
        .map((file) => [
          join(this.#folder, file),
          `# ${MARK}.\n${readFileSync(join(from, file), "utf8").replaceAll("@bindir@", () => bin)}`
        ])
    )
  }

  #version(): number {
    return Number(/^systemd (\d+)/.exec(ask(this.#place, "systemctl", "--version").stdout)?.[1] ?? 0)
  }

  #systemctl(...args: ReadonlyArray<string>): void {
    must(this.#place, "systemctl", "--user", ...args)
  }

  /** Without lingering, the end of the last login takes the user manager, and every session, along. */
  #linger(): ReadonlyArray<string> {
    const { stdout } = ask(this.#place, "loginctl", "show-user", "--property=Linger", String(this.#place.uid))
    return stdout.trim() === "Linger=no"
      ? ['sessions end when you log out for the last time: run "loginctl enable-linger" to keep them']
      : []
  }
}

/** A percent sign begins a specifier in a unit file. */
const specifiers = (path: string): string => path.replaceAll("%", "%%")
