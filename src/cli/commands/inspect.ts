import type { Session } from "../../contract/session/Session.ts"
import type { SessionUsage } from "../../contract/session/SessionLimits.ts"
import { AgentctlCommand } from "../AgentctlCommand.ts"
import { sessionArg } from "../Arguments.ts"
import { earlierOf } from "../output/earlier.ts"
import { age, bytes, commandLine, printable } from "../Paint.ts"
import { describeLimits } from "../starting/Limits.ts"
import { describeExit, processorTime } from "../words/SessionTable.ts"
import { describeState } from "../words/StateText.ts"

export default class Inspect extends AgentctlCommand {
  static override summary = "Everything about one session."
  static override args = { session: sessionArg() }

  async run() {
    const { args } = await this.parse(Inspect)
    const client = this.client()
    const session = await client.call("session.get", { session: args.session })
    const earlier = await earlierOf(client, session)
    const at = (ms: number) => `${new Date(ms).toISOString()} (${age(ms)} ago)`
    const { exit } = session
    const rows: ReadonlyArray<readonly [string, string]> = [
      ["id", session.id],
      ["name", printable(session.name)],
      ["command", commandLine(session.argv)],
      ["directory", printable(session.cwd)],
      ["status", exit === null ? session.status : `${session.status}, ${describeExit(exit)}${describeLosses(exit)}`],
      ["state", describeState(session.state, at)],
      ...(session.state?.question == null ? [] : [["asks", printable(session.state.question)] as const]),
      ["pid", session.pid === null ? "-" : `${session.pid} (${session.launcher})`],
      ["sandbox", printable(session.sandbox)],
      ["reaches", describeAccess(session.access)],
      ["limits", describeLimits(session.limits)],
      ["uses", session.usage === null ? "-" : describeUsage(session.usage)],
      ["size", `${session.cols}x${session.rows}`],
      ["agent", session.agent === null ? "-" : `@${session.agent.name}`],
      ["intent", session.intent === null ? "-" : printable(session.intent)],
      ["task", session.task === null ? "-" : printable(session.task)],
      ["tags", session.tags.join(" ") || "-"],
      ["started", at(session.createdAt)],
      ["started by", session.startedBy ?? "-"],
      ["active", at(session.activeAt)],
      ["ttl", session.ttlMs === null ? "-" : `${session.ttlMs / 1000} s`],
      [
        "output",
        `${bytes(session.offset)}${session.unrecorded > 0 ? `, ${bytes(session.unrecorded)} not recorded` : ""}`
      ],
      ["transcript", session.transcript === null ? "-" : printable(session.transcript)],
      ["restart", session.restart],
      ["continues", earlier.map(({ id }) => id).join(" ") || session.resumedFrom || "-"],
      ["resumed as", session.resumedBy ?? "-"],
      ...session.clients.map(
        (client) =>
          [
            `client ${client.id}`,
            `${client.mode}, ${client.cols}x${client.rows}, ${printable(client.tty ?? "no terminal")}, pid ${client.pid ?? "?"}, ${age(client.since)}`
          ] as const
      )
    ]
    const width = Math.max(...rows.map(([title]) => title.length))
    this.log(rows.map(([title, value]) => `${title.padEnd(width)}  ${value}`).join("\n"))
    return { ...session, earlier: earlier.map(({ id }) => id) }
  }
}

/** Absent from a daemon that knows no difference. */
const describeAccess = (access: Session["access"] | undefined): string =>
  ({ own: "sessions it has started", tag: "sessions it has started, or with a tag of its own", all: "all sessions" })[
    access ?? "all"
  ]

const describeUsage = ({ cpuMs, memoryBytes, oomKills = 0, tasks, tasksRefused = 0 }: SessionUsage): string =>
  [
    `${bytes(memoryBytes)} of memory`,
    `${processorTime(cpuMs)} of processor time`,
    `${tasks} ${tasks === 1 ? "task" : "tasks"}${describeLosses({ oomKills, tasksRefused })}`
  ].join(", ")

/** What its limits have cost it. */
const describeLosses = ({ oomKills = 0, tasksRefused = 0 }: Pick<SessionUsage, "oomKills" | "tasksRefused">): string =>
  [
    ...(oomKills > 0 ? [`, ${oomKills} killed because memory ran out`] : []),
    ...(tasksRefused > 0 ? [`, ${tasksRefused} more refused by the limit on tasks`] : [])
  ].join("")
