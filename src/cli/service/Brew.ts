/**
 * Installed by Homebrew: `brew services` is the one that knows where its programs are after an upgrade.
 */
import type { Status, Supervisor } from "./Supervisor.ts"
import { ask, must, type Surroundings } from "./Surroundings.ts"

export class Brew implements Supervisor {
  readonly #place: Surroundings
  constructor(place: Surroundings) {
    this.#place = place
  }

  /** Homebrew has a file of its own for variables, which only its user may edit. */
  install(): ReadonlyArray<string> {
    return [...this.#services("start"), "Variables for it: $HOMEBREW_USER_CONFIG_HOME/services/agentd.env (mode 0600)."]
  }
  uninstall = () => this.#services("stop")
  start = () => this.#services("start")
  stop = () => this.#services("stop", "--keep")
  restart = () => this.#services("restart")
  keepsSessions = () => false

  status(): Status {
    const { code, stderr, stdout } = ask(this.#place, "brew", "services", "info", "agentd", "--json")
    const [info] =
      code === 0 ? (JSON.parse(stdout) as ReadonlyArray<{ loaded?: boolean; running?: boolean; file?: string }>) : []
    return {
      supervisor: "brew",
      installed: info?.loaded === true,
      running: info?.running === true,
      definition: info?.file ?? null,
      environment: null,
      notes: code === 0 ? [] : [`brew services does not answer: ${stderr.trim()}`]
    }
  }

  #services(verb: string, ...flags: ReadonlyArray<string>): ReadonlyArray<string> {
    must(this.#place, "brew", "services", verb, ...flags, "agentd")
    return [`Done by Homebrew: brew services ${[verb, ...flags].join(" ")} agentd`]
  }
}
