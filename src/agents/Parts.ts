/**
 * What the requests about agents are made of, between `Agents.ts`, which makes the parts, and the handlers that use them.
 */
import type { Effect } from "effect"
import type { Agent } from "../contract/Agent.ts"
import type { AgentdError, NotAllowed, StorageUnavailable } from "../contract/errors/Errors.ts"
import type { Caller } from "../contract/Handler.ts"
import type { MethodName, Params } from "../contract/Methods.ts"
import type { SessionRecord } from "../sessions/SessionStore.ts"
import type { Directory } from "./Addresses.ts"
import type { AgentRecord, AgentStore } from "./AgentStore.ts"
import type { Identity } from "./Identify.ts"

export type AgentMethod = Extract<MethodName, `agent.${string}` | `group.${string}`>

/** Who says something, and where. */
export interface Author {
  readonly agent: AgentRecord
  readonly workspace: string
  readonly session: SessionRecord | null
}

export interface Claimant {
  readonly params: Pick<Params<"agent.register">, "name" | "role" | "module" | "display" | "move">
  readonly who: Identity
  readonly directory: string
  readonly session: SessionRecord | null
}

/** What the handlers are made of. */
export interface Parts {
  readonly store: AgentStore["Service"]
  readonly origin: string
  /** Login name of the person this daemon works for. */
  readonly user: string
  readonly sessionOf: (agent: string) => SessionRecord | undefined
  readonly describe: (record: AgentRecord) => Agent
  /** Everybody an address may mean in a workspace. */
  readonly directory: (workspace: string) => Effect.Effect<Directory, StorageUnavailable>
  readonly identify: (caller: Caller, directory?: string) => Effect.Effect<Identity, NotAllowed | StorageUnavailable>
  /** Who is asking, for what is said in somebody's name; a person is recorded when they first say something. */
  readonly author: (caller: Caller, directory?: string) => Effect.Effect<Author, NotAllowed | StorageUnavailable>
  readonly register: (
    claimant: Claimant
  ) => Effect.Effect<
    { readonly agent: AgentRecord; readonly outcome: "registered" | "resumed" | "changed" | "unchanged" },
    AgentdError
  >
}
