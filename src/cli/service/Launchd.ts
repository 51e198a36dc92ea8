/**
 * launchd, macOS: a LaunchAgent from the package's template, with this program's path.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { launchdSocket } from "../../client/Places.ts"
import { environmentFile, writeEnvironment } from "./EnvironmentFile.ts"
import { MARK, removeOwn, writeOwn } from "./OwnFiles.ts"
import type { Status, Supervisor } from "./Supervisor.ts"
import { ask, must, type Surroundings } from "./Surroundings.ts"

const LABEL = "dev.agentd"

export class Launchd implements Supervisor {
  readonly #place: Surroundings
  readonly #plist: string
  readonly #environment: string
  readonly #log: string

  constructor(place: Surroundings) {
    this.#place = place
    this.#plist = join(place.home, "Library/LaunchAgents", `${LABEL}.plist`)
    this.#environment = environmentFile(place.env, place.home)
    this.#log = join(place.home, "Library/Logs/agentd/agentd.log")
  }

  install(variables: Readonly<Record<string, string>>): ReadonlyArray<string> {
    const socket = launchdSocket(this.#place.home)
    writeOwn({ [this.#plist]: this.#definition(socket) })
    writeEnvironment(this.#environment, variables)
    // launchd makes the socket and the log, but not the folders they are in.
    for (const file of [socket, this.#log]) mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    ask(this.#place, "launchctl", "bootout", `${this.#domain()}/${LABEL}`)
    must(this.#place, "launchctl", "bootstrap", this.#domain(), this.#plist)
    return [
      `Wrote ${this.#plist}`,
      `Wrote ${this.#environment} (0600): ${Object.keys(variables).join(", ")}`,
      "Loaded: the first command starts the daemon.",
      `Its log: ${this.#log}`
    ]
  }

  uninstall(): ReadonlyArray<string> {
    ask(this.#place, "launchctl", "bootout", `${this.#domain()}/${LABEL}`)
    const removed = removeOwn([this.#plist])
    // A socket that nobody listens on any more would be looked for first.
    for (const file of [this.#environment, launchdSocket(this.#place.home)]) rmSync(file, { force: true })
    return [...removed.map((file) => `Removed ${file}`), "Sessions' records were kept."]
  }

  start(): ReadonlyArray<string> {
    if (!this.#loaded()) must(this.#place, "launchctl", "bootstrap", this.#domain(), this.#plist)
    must(this.#place, "launchctl", "kickstart", `${this.#domain()}/${LABEL}`)
    return [`Started ${LABEL}.`]
  }

  stop(): ReadonlyArray<string> {
    must(this.#place, "launchctl", "bootout", `${this.#domain()}/${LABEL}`)
    return [`Stopped ${LABEL}, until the next login or "agentctl service start".`]
  }

  restart(): ReadonlyArray<string> {
    must(this.#place, "launchctl", "kickstart", "-k", `${this.#domain()}/${LABEL}`)
    return [`Restarted ${LABEL}.`]
  }

  keepsSessions = () => false

  status(): Status {
    const { stdout } = ask(this.#place, "launchctl", "print", `${this.#domain()}/${LABEL}`)
    const program = existsSync(this.#plist)
      ? /<string>([^<]*\/bin\/agentd)<\/string>/.exec(readFileSync(this.#plist, "utf8"))?.[1]
      : undefined
    return {
      supervisor: "launchd",
      installed: this.#loaded(),
      running: /^\s*state = running$/m.test(stdout),
      definition: existsSync(this.#plist) ? this.#plist : null,
      environment: existsSync(this.#environment) ? this.#environment : null,
      notes:
        program !== undefined && !existsSync(program)
          ? [`${program}, which launchd starts, is gone: run "agentctl service install" again`]
          : []
    }
  }

  /** Of the graphical login where there is one; over SSH alone there is only the user's own. */
  #domain(): string {
    const gui = `gui/${this.#place.uid}`
    return ask(this.#place, "launchctl", "print", gui).code === 0 ? gui : `user/${this.#place.uid}`
  }

  #loaded = (): boolean => ask(this.#place, "launchctl", "print", `${this.#domain()}/${LABEL}`).code === 0

  #definition(socket: string): string {
    const values: Readonly<Record<string, string>> = {
      program: this.#place.program,
      environment: this.#environment,
      socket,
      log: this.#log
    }
    return readFileSync(join(this.#place.templates, `launchd/${LABEL}.plist`), "utf8")
      .replace(/<!-- A LaunchAgent[^>]*-->/, `<!-- ${MARK}. -->`)
      .replace(/@(\w+)@/g, (all, name: string) => (values[name] === undefined ? all : escaped(values[name])))
  }
}

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character]!)
