/**
 * What of an event leaves the machine: the types and fields that are listed here, and nothing that looks like a secret.
 */
import { scrubJson } from "./Secrets.ts"

/**
 * Fields of each type that others are told. An agent's working tree is a path of this machine, and a message's idempotency key means
 * something to whoever sent it alone: they leave as null.
 */
const FIELDS: Readonly<Record<string, ReadonlyArray<string>>> = {
  "agent.registered": ["name", "kind", "role", "module", "display", "host", "by"],
  "agent.changed": ["agent", "role", "module", "display"],
  "agent.status": ["agent", "status", "note"],
  "agent.deleted": ["agent", "by", "reason"],
  "group.changed": ["group", "members", "by"],
  "message.sent": ["author", "to", "recipients", "thread", "replyTo", "scopes", "refs", "format", "text", "data"],
  "message.edited": ["message", "author", "format", "text", "data"],
  "message.deleted": ["message", "author", "reason"],
  "message.received": ["agent", "kind", "messages"],
  "message.filed": ["agent", "archived", "messages"]
}

/** Fields that hold what somebody has typed; the others are ids, names and words of a fixed form. */
const FREE = new Set(["module", "display", "note", "reason", "text", "data", "scopes", "refs"])

export type Outgoing =
  | { readonly do: "send"; readonly body: string }
  /** `redacted`: the body with a mark in the place of each secret, should a person choose to send that. */
  | { readonly do: "hold"; readonly kinds: ReadonlyArray<string>; readonly body: string; readonly redacted: string }
  /** It is for this machine alone. */
  | { readonly do: "keep" }

export const outgoing = (type: string, stored: string): Outgoing => {
  const fields = FIELDS[type]
  if (fields === undefined) return { do: "keep" }
  const told = Object.fromEntries(
    Object.entries(JSON.parse(stored) as Readonly<Record<string, unknown>>).map(([key, value]) => [
      key,
      key === "type" || fields.includes(key) ? value : null
    ])
  )
  const body = JSON.stringify(told)
  const free = Object.fromEntries(Object.entries(told).filter(([key]) => FREE.has(key)))
  const { kinds, value } = scrubJson(free)
  const redacted = () => JSON.stringify({ ...told, ...value })
  return kinds.length === 0 ? { do: "send", body } : { do: "hold", kinds, body, redacted: redacted() }
}
