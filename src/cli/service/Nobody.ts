/**
 * Neither systemd nor launchd: nothing restarts the daemon after a crash or a reboot, and this says what can be done.
 */
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import { CommandFailed } from "../AgentctlCommand.ts"
import type { Status, Supervisor } from "./Supervisor.ts"
import type { Surroundings } from "./Surroundings.ts"

export class Nobody implements Supervisor {
  readonly #place: Surroundings
  constructor(place: Surroundings) {
    this.#place = place
  }

  install = () => this.#refuse()
  uninstall = () => this.#refuse()
  start = () => this.#refuse()
  stop = () => this.#refuse()
  restart = () => this.#refuse()
  keepsSessions = () => false

  status(): Status {
    return {
      supervisor: "none",
      installed: false,
      running: false,
      definition: null,
      environment: null,
      notes: [this.#advice()]
    }
  }

  #refuse(): never {
    throw new CommandFailed(this.#advice(), ExitCode.Failed)
  }

  #advice(): string {
    const { platform, uid, program } = this.#place
    const own = `Commands start a daemon by themselves; "agentctl daemon start" starts one that stays. Another supervisor runs ${program}, in the foreground, as you.`
    return platform === "linux"
      ? `no systemd user manager answers here. If this machine has systemd: "loginctl enable-linger" gives you one, and an administrator can run "systemctl enable --now agentd@${uid}.socket" instead. ${own}`
      : `there is no service manager that agentctl knows on this machine. ${own}`
  }
}
