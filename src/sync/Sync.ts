/**
 * What can be asked about synchronisation, in one place. Only people decide what leaves the machine.
 */
import { Context, Effect, Layer } from "effect"
import { AgentStore } from "../agents/AgentStore.ts"
import { Agents } from "../agents/Agents.ts"
import { Workspaces } from "../agents/Workspaces.ts"
import type { HandlersFor } from "../contract/Handler.ts"
import type { MethodName } from "../contract/Methods.ts"
import type { Git } from "../host/git/Git.ts"
import { EventLog } from "../store/EventLog.ts"
import { ConfirmationStore } from "./ConfirmationStore.ts"
import { decisionHandlers } from "./decisionHandlers.ts"
import { SyncLoop } from "./SyncLoop.ts"
import { SyncStore } from "./SyncStore.ts"
import { SyncTransport } from "./SyncTransport.ts"
import { statusHandlers } from "./statusHandlers.ts"

export type SyncMethod = Extract<MethodName, `sync.${string}`>

export class Sync extends Context.Service<Sync, { readonly requests: HandlersFor<SyncMethod> }>()("agentd/sync/Sync") {
  static readonly layer = Layer.effect(
    Sync,
    Effect.gen(function* () {
      const context = yield* Effect.context<Git>()
      const parts = {
        agents: yield* Agents,
        directory: yield* AgentStore,
        workspaces: yield* Workspaces,
        log: yield* EventLog,
        loop: yield* SyncLoop,
        store: yield* SyncStore,
        confirmations: yield* ConfirmationStore,
        transport: yield* SyncTransport,
        ask: <A, E>(effect: Effect.Effect<A, E, Git>) => Effect.provide(effect, context)
      }
      return { requests: { ...statusHandlers(parts), ...decisionHandlers(parts) } }
    })
  )
}
