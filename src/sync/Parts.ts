/**
 * What the requests about synchronisation are made of, between `Sync.ts`, which collects the parts, and the handlers that use them.
 */
import type { Effect } from "effect"
import type { AgentStore } from "../agents/AgentStore.ts"
import type { Agents } from "../agents/Agents.ts"
import type { Workspaces } from "../agents/Workspaces.ts"
import type { Git } from "../host/git/Git.ts"
import type { EventLog } from "../store/EventLog.ts"
import type { ConfirmationStore } from "./ConfirmationStore.ts"
import type { SyncLoop } from "./SyncLoop.ts"
import type { SyncStore } from "./SyncStore.ts"
import type { SyncTransport } from "./SyncTransport.ts"

export interface Parts {
  readonly agents: Agents["Service"]
  readonly directory: AgentStore["Service"]
  readonly workspaces: Workspaces["Service"]
  readonly log: EventLog["Service"]
  readonly loop: SyncLoop["Service"]
  readonly store: SyncStore["Service"]
  readonly confirmations: ConfirmationStore["Service"]
  readonly transport: SyncTransport["Service"]
  readonly ask: <A, E>(effect: Effect.Effect<A, E, Git>) => Effect.Effect<A, E>
}
