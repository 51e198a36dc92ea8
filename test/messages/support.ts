/** Agents that a test speaks for: each asks from within a session of its own, as the daemon sees it. */
import { Effect, Scope } from "effect"
import { Agents } from "../../src/agents/Agents.ts"
import type { Caller } from "../../src/contract/Handler.ts"
import type { MethodName, Params, Result } from "../../src/contract/Methods.ts"
import { Messages } from "../../src/messages/Messages.ts"
import type { InProcessDaemon } from "../sessions/support.ts"

type Method = Extract<MethodName, `message.${string}` | `agent.${string}`>

/** The caller a door would make for a process in this session: only the kernel's word is left out. */
const callerIn = (session: string): Caller => ({
  peer: { uid: process.getuid!(), pid: process.pid, session },
  scope: Scope.makeUnsafe(),
  again: false,
  positions: new Map(),
  notify: () => Effect.void,
  upgrade: () => Effect.void
})

export type Ask = <M extends Method>(method: M, params: Params<M>) => Promise<Result<M>>

/** Starts a session that acts for the agent; answers what asks in its name. */
export const agentIn = async (daemon: InProcessDaemon, name: string, cwd = "/"): Promise<Ask> => {
  const { id } = await daemon.start("sleep 1000", { agent: name, cwd })
  const caller = callerIn(id)
  return (method, params) =>
    daemon
      .effect(
        Effect.gen(function* () {
          const requests = { ...(yield* Agents).requests, ...(yield* Messages).requests }
          const handler = requests[method] as unknown as (params: unknown, caller: Caller) => Effect.Effect<never>
          return yield* handler(params, caller)
        })
      )
      .catch((error: { _tag: string; message: string }) => {
        // As a client is told of it.
        throw Object.assign(new Error(error.message), { tag: error._tag, data: error })
      })
}
