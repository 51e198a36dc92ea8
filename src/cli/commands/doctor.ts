import type { Finding } from "../../contract/Daemon.ts"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { type Colour, paint, printable } from "../Paint.ts"

const marks: Readonly<Record<Finding["level"], readonly [string, Colour]>> = {
  ok: ["ok", "green"],
  warning: ["warning", "yellow"],
  problem: ["problem", "red"]
}

export default class Doctor extends AgentctlCommand {
  /** It looks at the machine it runs on. */
  static override enableHostFlag = false
  static override summary = "Examine the daemon, its store and its surroundings, and name a fix for what is wrong."
  static override description =
    "Looks at units and their files, lingering, versions, what systemd and the kernel offer, the environment sessions get, permissions, disk, limits, clock, configuration, store and tables. Works with and without a daemon. Each fix can be pasted into a shell. Ends with 1 if there is a problem."

  async run() {
    await this.parse(Doctor)
    const { examine } = await import("../doctor/examine.ts")
    const { surroundings } = await import("../service/Surroundings.ts")
    const findings = await examine(this.client({ start: false }), surroundings())
    for (const { check, level, message, fix } of findings) {
      const [word, colour] = marks[level]
      this.log(`${paint(process.stdout, colour, word.padEnd(8))} ${printable(check)}: ${printable(message)}`)
      if (fix !== null && level !== "ok") this.log(`         ${printable(fix)}`)
    }
    if (findings.some(({ level }) => level === "problem")) process.exitCode = ExitCode.Failed
    return { findings }
  }
}
