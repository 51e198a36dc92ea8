/**
 * Whom an address means. A name comes before a group, a group before a role; deleted agents are nobody.
 */
import { Effect } from "effect"
import { AgentNotFound } from "../contract/errors/Errors.ts"
import type { AgentRecord, GroupRecord } from "./AgentStore.ts"
import { nearest } from "./nearest.ts"

/** Everybody in the workspace. */
export const EVERYONE = "everyone"

/** Words that mean something else than an agent. */
export const RESERVED: ReadonlySet<string> = new Set([
  EVERYONE,
  "all",
  "here",
  "me",
  "agentd",
  "daemon",
  "system",
  "home"
])

export interface Directory {
  readonly agents: ReadonlyArray<AgentRecord>
  readonly groups: ReadonlyArray<GroupRecord>
}

export type Meant =
  | { readonly kind: "agent" | "group" | "role" | "everyone"; readonly agents: ReadonlyArray<AgentRecord> }
  | { readonly kind: "nobody" }

export const resolveAddress = (address: string, { agents, groups }: Directory): Meant => {
  const present = agents.filter(({ deletedAt }) => deletedAt === null)
  const name = address.startsWith("@") ? address.slice(1) : address
  if (name === EVERYONE) return { kind: "everyone", agents: present }
  const agent = present.find((one) => one.id === name || one.address === `@${name}`)
  if (agent !== undefined) return { kind: "agent", agents: [agent] }
  const group = groups.find((one) => one.name === name)
  if (group !== undefined) return { kind: "group", agents: present.filter(({ id }) => group.members.includes(id)) }
  const role = present.filter((one) => one.role === name)
  return role.length > 0 ? { kind: "role", agents: role } : { kind: "nobody" }
}

/** What a name would be confused with, or null: names, groups and roles share one space. */
export const confusedWith = (
  name: string,
  as: "name" | "role" | "group",
  { agents, groups }: Directory
): string | null => {
  const present = agents.filter(({ deletedAt }) => deletedAt === null)
  if (RESERVED.has(name)) return "it means something else in an address"
  if (as !== "name" && present.some((one) => one.name === name)) return "an agent has this name"
  if (as !== "group" && groups.some((one) => one.name === name)) return "a group has this name"
  if (as !== "role" && present.some((one) => one.role === name)) return "it is a role"
  return null
}

/** The one agent an address means. */
export const oneAgent = Effect.fnUntraced(function* (address: string, directory: Directory) {
  const meant = resolveAddress(address, directory)
  const [agent] = meant.kind === "agent" ? meant.agents : []
  if (agent !== undefined) return agent
  if (meant.kind === "nobody" || meant.kind === "agent") return yield* unknownAddress(address, directory)
  return yield* new AgentNotFound({ agent: address, is: meant.kind })
})

/** Nobody is called so; perhaps one who is called much like it was meant. */
export const unknownAddress = (address: string, { agents, groups }: Directory): AgentNotFound => {
  const present = agents.filter(({ deletedAt }) => deletedAt === null)
  const names = [
    ...present.map((one) => one.address.slice(1)),
    ...groups.map(({ name }) => name),
    ...present.flatMap(({ role }) => (role === null ? [] : [role]))
  ]
  const near = nearest(address.replace(/^@/, ""), names)
  return new AgentNotFound({ agent: address, ...(near === null ? {} : { near: `@${near}` }) })
}
