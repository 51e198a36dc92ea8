/**
 * Whether a line of the branch is taken in. A pure decision about one line and what this installation knows, so that all
 * installations that know the same decide the same.
 */
import { Option, Schema } from "effect"
import { EventBody, eventTypes } from "../contract/Event.ts"
import { MAX_DATA_BYTES, MAX_TEXT_BYTES } from "../contract/Limits.ts"
import { belongs } from "./mergeFile.ts"
import type { ParsedLine, ShardEvent } from "./ShardLine.ts"
import type { Place } from "./ShardPath.ts"

/**
 * Milliseconds an event's clock may be ahead of ours: two clocks that are each a day wrong in opposite ways still talk. What is
 * further ahead would drag every later event of everybody along.
 */
export const MAX_AHEAD_MS = 3 * 86_400_000

/** Bytes of a text that comes in: one that leaves without its secrets is longer than it was written. */
const MAX_TOLD_TEXT = 2 * MAX_TEXT_BYTES
/** Characters of any other value: names, notes and reasons, each a line on a screen. */
const MAX_TOLD_WORD = 8_192

/** Until when a line is left aside: for good, until the agent it speaks for is known, or until a time. */
export type Until = "never" | "author" | number

export type Verdict =
  | { readonly do: "take"; readonly event: ShardEvent }
  | { readonly do: "quarantine"; readonly reason: string; readonly until: Until; readonly event: ShardEvent | null }

export interface Known {
  /** Milliseconds since 1970. */
  readonly now: number
  /** The installation an agent was registered at; undefined for one nobody has told of. */
  readonly home: (agent: string) => string | undefined
}

export const judge = (place: Place, line: ParsedLine, { home, now }: Known): Verdict => {
  const quarantine = (reason: string, event: ShardEvent | null, until: Until = "never"): Verdict => ({
    do: "quarantine",
    reason,
    until,
    event
  })
  if (line._tag === "unreadable") return quarantine(line.reason, null)
  const { event } = line
  if (event.origin !== place.origin) {
    return quarantine("it lies among the events of another installation than the one that it names", event)
  }
  if (!belongs(place, line)) return quarantine("it does not belong into this file", event)
  const ahead = Number.parseInt(event.clock.slice(0, 12), 16)
  if (ahead > now + MAX_AHEAD_MS) {
    return quarantine("its clock is more than three days ahead", event, ahead - MAX_AHEAD_MS)
  }
  const known = understood(event)
  if (known === "malformed") return quarantine(`it is no ${event.type} as this version knows it`, event)
  if (known === "newer") return { do: "take", event }
  if (!isModerate(known)) return quarantine("it holds more than an event may, or text that is none", event)
  if (!SHARED.test(event.type)) return quarantine(`${event.type} is nothing that installations tell each other`, event)
  for (const agent of agentsOf(known)) {
    const at = home(agent)
    if (at === undefined) return quarantine("nobody has told of the agent it speaks for yet", event, "author")
    if (at !== event.origin) return quarantine("it speaks for an agent of another installation", event)
  }
  return { do: "take", event }
}

/** What may come from elsewhere, of the types this build knows. */
const SHARED = /^(agent|message|group)\./

const decode = Schema.decodeUnknownOption(EventBody)

const understood = ({ body, type }: ShardEvent): EventBody | "newer" | "malformed" => {
  if (!eventTypes.has(type)) return "newer"
  return Option.getOrElse(decode(JSON.parse(body)), () => "malformed" as const)
}

/** What this installation would refuse to say, it does not take in either: every list would have to carry it. */
const isModerate = (body: EventBody): boolean =>
  Object.entries(body).every(([field, value]) => {
    if (field === "data") return Buffer.byteLength(JSON.stringify(value)) <= MAX_DATA_BYTES
    if (typeof value !== "string") return true
    if (field !== "text") return value.length <= MAX_TOLD_WORD
    return Buffer.byteLength(value) <= MAX_TOLD_TEXT && value.isWellFormed() && !value.includes("\0")
  })

/** The agents it speaks for or changes. An agent acts, and is changed, at its own installation only. */
const agentsOf = (body: EventBody): ReadonlyArray<string> => {
  switch (body.type) {
    case "message.sent":
      return [body.author.id]
    case "message.edited":
    case "message.deleted":
      return [body.author]
    case "message.received":
    case "message.filed":
    case "agent.changed":
    case "agent.status":
      return [body.agent]
    case "agent.deleted":
      return [body.agent, body.by]
    case "group.changed":
      return [body.by]
    default:
      return []
  }
}

/** The id of the agent that an event registers. */
export const registers = ({ id, type }: Pick<ShardEvent, "id" | "type">): string | null =>
  type === "agent.registered" ? `agt_${id.slice("evt_".length)}` : null
