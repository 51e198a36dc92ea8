/** Agents for people: the table of `agent list`, and one agent in full. */
import type { Agent } from "../../contract/Agent.ts"
import { age, type Colour, printable, table } from "../Paint.ts"

const doing = (agent: Agent): string => {
  if (agent.deletedAt !== null) return "deleted"
  const state = agent.session === null ? (agent.kind === "person" ? "person" : "away") : (agent.status ?? "live")
  return agent.note === null || agent.session === null ? state : `${state}: ${printable(agent.note)}`
}

const colour = (agent: Agent): Colour | undefined =>
  agent.session === null ? "dim" : agent.status === "blocked" || agent.status === "stuck" ? "yellow" : "green"

export const agentTable = (agents: ReadonlyArray<Agent>): string =>
  table(agents, [
    { title: "AGENT", value: ({ address }) => address, colour: () => "bold" },
    { title: "ROLE", value: ({ role }) => role ?? "-" },
    { title: "STATUS", value: doing, colour },
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
