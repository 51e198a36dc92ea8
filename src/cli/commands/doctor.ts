import { AgentdError } from "../../client/AgentdError.ts"
import type { Finding } from "../../contract/Daemon.ts"
import { ExitCode } from "../../contract/ErrorCodes.ts"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { askDaemonProgram } from "../daemonProgram.ts"
import { type Colour, paint, printable } from "../Paint.ts"

const marks: Readonly<Record<Finding["level"], readonly [string, Colour]>> = {
  ok: ["ok", "green"],
  warning: ["warning", "yellow"],
  problem: ["problem", "red"]
}

export default class Doctor extends AgentctlCommand {
  static override summary = "Examine the daemon, its store and its surroundings, and name a fix for what is wrong."
  static override description =
    "Asks the running daemon; when none runs, examines what it would find. Ends with 1 if there is a problem."

  async run() {
    await this.parse(Doctor)
    const findings = await this.#findings()
    for (const { check, level, message, fix } of findings) {
      const [word, colour] = marks[level]
      this.log(`${paint(process.stdout, colour, word.padEnd(8))} ${printable(check)}: ${printable(message)}`)
      if (fix !== null && level !== "ok") this.log(`         ${printable(fix)}`)
    }
    if (findings.some(({ level }) => level === "problem")) process.exitCode = ExitCode.Failed
    return { findings }
  }

  async #findings(): Promise<ReadonlyArray<Finding>> {
    try {
      return (await this.client({ start: false }).call("daemon.doctor", {})).findings
    } catch (error) {
      if (!(error instanceof AgentdError) || error.tag !== "NoDaemon") throw error
    }
    const { stdout } = askDaemonProgram(["--doctor", "--json"])
    return (JSON.parse(stdout) as { readonly findings: ReadonlyArray<Finding> }).findings
  }
}
