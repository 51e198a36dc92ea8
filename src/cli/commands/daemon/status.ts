import { AgentctlCommand } from "../../AgentctlCommand.ts"
import { age, bytes, printable } from "../../Paint.ts"

export default class DaemonStatus extends AgentctlCommand {
  static override summary = "What the daemon is doing, and where it keeps things."
  static override description = "Starts nothing; ends with 3 when no daemon runs."

  async run() {
    await this.parse(DaemonStatus)
    const status = await this.client({ start: false }).call("daemon.status", {})
    const rows: ReadonlyArray<readonly [string, string]> = [
      ["version", `${status.version} (node ${status.node})`],
      ["pid", `${status.pid}, since ${new Date(status.startedAt).toISOString()} (${age(status.startedAt)})`],
      ["state", status.draining ? "draining" : status.ephemeral ? "running, ends when unused" : "running"],
      ["sessions", `${status.sessions.live} live, ${status.sessions.ended} ended`],
      ["connections", String(status.connections)],
      ["memory", bytes(status.memory)],
      ["events", `${status.lastSeq}`],
      ["launcher", status.launcher],
      ["socket", status.socket],
      ["state files", status.stateDirectory],
      ["configuration", status.configFiles.join(", ") || "built-in"],
      ["executable", status.executable]
    ]
    const width = Math.max(...rows.map(([title]) => title.length))
    this.log(rows.map(([title, value]) => `${title.padEnd(width)}  ${printable(value)}`).join("\n"))
    return status
  }
}
