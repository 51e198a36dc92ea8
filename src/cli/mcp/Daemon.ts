/**
 * The daemon as a tool of `agentctl mcp` needs it: asked again when it goes away in the middle, because this program outlives its restarts.
 */
import { setTimeout } from "node:timers/promises"
import { AgentdError } from "../../client/AgentdError.ts"
import { Client } from "../../client/Client.ts"
import { mayReturn } from "../../client/Watch.ts"
import { START_MS } from "../../contract/Limits.ts"
import type { MethodName, Params, Result } from "../../contract/Methods.ts"
import { standing } from "../standing.ts"

/** Milliseconds between two attempts to reach a daemon that has gone. */
const RETRY_MS = 100

export class Daemon {
  // Standard output belongs to the protocol.
  readonly #client = new Client({ start: true, onProgress: (line) => process.stderr.write(`${line}\n`) })

  /** Asks once more, and again for as long as a restart may take, while the daemon is not there. */
  call<M extends MethodName>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>> {
    return this.again((client) => client.call(method, params, signal === undefined ? {} : { signal }), signal)
  }

  /** The same for several requests that belong together, or one that must not be made twice: `attempts` is 1 then. */
  async again<A>(ask: (client: Client) => Promise<A>, signal?: AbortSignal, attempts = Number.POSITIVE_INFINITY) {
    const end = performance.now() + START_MS
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask(this.#client)
      } catch (error) {
        if (attempt >= attempts || !mayReturn(error) || performance.now() > end) throw error
        await setTimeout(RETRY_MS, undefined, signal === undefined ? {} : { signal })
      }
    }
  }

  /**
   * Waits on a connection of its own, which ends with the signal, and so ends the wait in the daemon too. `ask` is given the milliseconds
   * that are left. A daemon that was stopped is waited for and not started: somebody may have stopped it on purpose.
   */
  async wait<A>(
    ms: number,
    signal: AbortSignal,
    ask: (client: Client, leftMs: number) => Promise<A>
  ): Promise<A | null> {
    const end = performance.now() + ms
    // Started, if need be, before the wait begins.
    await this.call("health", {}, signal)
    for (;;) {
      const left = Math.max(0, Math.ceil(end - performance.now()))
      await using client = new Client()
      try {
        return await ask(client, left)
      } catch (error) {
        if (error instanceof AgentdError && error.tag === "DeadlineExceeded") return null
        if (!mayReturn(error)) throw error
        if (left === 0) return null
        await setTimeout(Math.min(RETRY_MS, left), undefined, { signal })
      }
    }
  }

  /** Events of these types in this workspace, across restarts, for as long as the signal lets it. */
  watch(types: ReadonlyArray<string>, after: number, signal: AbortSignal) {
    return new Client().watch({ interest: { types, ...standing() }, after, reconnect: true, signal })
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
