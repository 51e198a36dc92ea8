/**
 * What names agents, workspaces and installations, and the stamp that events carry from one installation to another.
 */
import { Schema } from "effect"
import { CONTROL, SURROGATES } from "./text/Characters.ts"

const ULID = "[0-9A-HJKMNP-TV-Z]{26}"

/** `agt_` and the ULID of the event that registered it. */
export const AgentId = Schema.String.check(
  Schema.isPattern(new RegExp(`^agt_${ULID}$`, "u"), { expected: "an agent id (agt_ and a ULID)" })
).annotate({ title: "agent id" })
export type AgentId = typeof AgentId.Type

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/u

/** An agent's name, a role or a group: what may follow an @. */
export const AgentName = Schema.String.check(
  Schema.isPattern(NAME, {
    expected: "1 to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit"
  })
).annotate({ title: "agent name" })

/** Whom somebody means: a name, role or group, with or without its @; `name~1a2b` where two clones chose the same name. */
export const Address = Schema.String.check(
  Schema.isPattern(/^@?([a-z0-9][a-z0-9._-]{0,63}(~[a-z0-9]{4})?|agt_[0-9A-Z]{26})$/u, {
    expected: "@ and the name of an agent, a role or a group"
  })
).annotate({
  title: "address",
  description: "An agent's name or id, a role or a group, with or without @; @everyone is all of them"
})

/** A line of text for people: no control characters, so that it can be shown anywhere. */
export const line = (maximum: number) =>
  Schema.String.check(
    Schema.isMaxLength(maximum),
    Schema.isPattern(new RegExp(`^[^${CONTROL}${SURROGATES}]*$`, "u"), {
      expected: "one line without control characters"
    })
  )

/** A git repository on this machine, or `home` for everything outside of one. */
export const WorkspaceId = Schema.String.check(
  Schema.isPattern(new RegExp(`^(home|wks_${ULID})$`, "u"), { expected: "a workspace id (home, or wks_ and a ULID)" })
).annotate({ title: "workspace id" })
export type WorkspaceId = typeof WorkspaceId.Type

/** The workspace of everything that is in no git repository. */
export const HOME = "home"

/** An installation of agentd: one state directory. Made with its database. */
const OriginId = Schema.String.check(
  Schema.isPattern(/^ins_[0-9A-F]{20}$/u, { expected: "an installation id (ins_ and 20 hexadecimal digits)" })
).annotate({ title: "installation id" })

/** A hybrid logical clock: 48 bits of milliseconds and 16 of a counter, in hexadecimal, so that text sorts as it happened. */
export const HybridClock = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{16}$/u, { expected: "a hybrid logical clock (16 hexadecimal digits)" })
).annotate({ title: "hybrid clock" })

/**
 * Carried by events that concern every installation of a workspace. Events are ordered by clock and then by id, on every
 * installation alike; `seq` only grows, so that what a peer lacks of an origin is a range. After a restore numbers are left out.
 */
export const Stamp = Schema.Struct({
  workspace: WorkspaceId,
  origin: OriginId.annotateKey({ description: "The installation it happened at." }),
  seq: Schema.Int.check(Schema.isGreaterThan(0)).annotateKey({
    description:
      "Its number among this origin's events of this workspace: 1, 2, 3; after a restore they go on behind a gap."
  }),
  clock: HybridClock
}).annotate({ identifier: "Stamp" })
export type Stamp = typeof Stamp.Type

/** An agent, by id and by the name it is called. */
export const AgentRef = Schema.Struct({ id: AgentId, name: Schema.String }).annotate({ identifier: "AgentRef" })
export type AgentRef = typeof AgentRef.Type

/** Where a caller that acts for no agent stands. An agent's own workspace is always the one it was registered in. */
const Directory = Schema.String.check(Schema.isPattern(/^\/[^\0]*$/u, { expected: "an absolute path" })).annotate({
  description:
    "Where the caller stands, which decides the workspace. Default: the working directory the kernel tells. Means nothing for an agent: its workspace is the one it was registered in."
})
/** What every request of such a caller may say. */
export const standing = { directory: Schema.optionalKey(Directory) }
