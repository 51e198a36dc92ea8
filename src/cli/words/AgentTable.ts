/** Agents for people: the table of `agent list`, and one agent in full. */
import type { Agent } from "../../contract/Agent.ts"
import { age, type Colour, printable, table } from "../Paint.ts"

/** What somebody does who is there; what an agent said before its session ended says nothing about now. */
const doing = (agent: Agent): string => {
  if (agent.deletedAt !== null) return "deleted"
  if (agent.session === null && agent.kind === "agent") return "away"
  const note = agent.note === null ? "" : `: ${printable(agent.note)}`
  if (agent.kind === "agent") return `${agent.status ?? "live"}${note}`
  return agent.status === null ? "person" : `person, ${agent.status}${note}`
}

/** Characters of a note that the table shows: the rest of the line is for the other columns. */
const NOTE_WIDTH = 32

const briefly = (agent: Agent): string => {
  const all = [...doing(agent)]
  return all.length > NOTE_WIDTH ? `${all.slice(0, NOTE_WIDTH - 1).join("")}…` : all.join("")
}

const colour = (agent: Agent): Colour | undefined =>
  agent.session === null ? "dim" : agent.status === "blocked" || agent.status === "stuck" ? "yellow" : "green"

export const agentTable = (agents: ReadonlyArray<Agent>): string =>
  table(agents, [
    { title: "AGENT", value: ({ address }) => address, colour: () => "bold" },
    { title: "ROLE", value: ({ role }) => role ?? "-" },
    { title: "STATUS", value: briefly, colour },
    { title: "SESSION", value: ({ session }) => (session === null ? "-" : printable(session.name)) },
    { title: "HOST", value: ({ here, host }) => (here ? "here" : printable(host)) },
    { title: "TASK", value: ({ session }) => printable(session?.task ?? session?.intent ?? "-") }
  ])

export const agentFacts = (agent: Agent): string => {
  const rows: ReadonlyArray<readonly [string, string | null | undefined]> = [
    ["agent", agent.address],
    ["id", agent.id],
    ["kind", agent.kind],
    ["role", agent.role],
    ["module", agent.module],
    ["display", agent.display],
    ["status", doing(agent)],
    ["session", agent.session === null ? null : `${agent.session.name} (${agent.session.id})`],
    ["intent", agent.session?.intent],
    ["task", agent.session?.task],
    ["worktree", agent.worktree],
    ["host", agent.here ? `${agent.host} (here)` : agent.host],
    ["registered", `${new Date(agent.registeredAt).toISOString()} (${age(agent.registeredAt)} ago)`]
  ]
  return rows.map(([title, value]) => `${title.padEnd(10)}  ${printable(value ?? "-")}`).join("\n")
}
