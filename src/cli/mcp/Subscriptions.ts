/**
 * Tells a client when a resource changes that it has subscribed to. Nothing is followed before somebody asks, and nothing that happens
 * after the answer is missed.
 */
import { type McpServer, ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from "@modelcontextprotocol/server"
import { standing } from "../standing.ts"
import type { Daemon } from "./Daemon.ts"
import { followUpdates, isResource } from "./Updates.ts"

const NO_AGENT = "Nobody has an inbox here: your session acts for no agent yet. Use the tool register_agent first."

export class Subscriptions {
  readonly #daemon: Daemon
  readonly #signal: AbortSignal
  #server: McpServer | undefined
  /** Undefined: the library between us and the client lets through what the client has asked for. */
  #wanted: Set<string> | undefined
  #following: Promise<void> | undefined

  /** The signal ends it. */
  constructor(daemon: Daemon, signal: AbortSignal) {
    this.#daemon = daemon
    this.#signal = signal
  }

  /** `oneByOne`: the client names resources one by one, as it does up to the protocol's version 2025-11-25. */
  serve(server: McpServer, oneByOne: boolean): void {
    this.#server = server
    if (!oneByOne) return
    const wanted = new Set<string>()
    this.#wanted = wanted
    server.server.setRequestHandler("resources/subscribe", async ({ params: { uri } }) => {
      if (!isResource(uri)) throw new ResourceNotFoundError(uri)
      await this.begin()
      wanted.add(uri)
      return {}
    })
    server.server.setRequestHandler("resources/unsubscribe", async ({ params: { uri } }) => {
      wanted.delete(uri)
      return {}
    })
  }

  /** Resolves when everything from now on is followed; once, however often it is called. */
  begin(): Promise<void> {
    this.#following ??= this.#follow().catch((error) => {
      this.#following = undefined
      throw error
    })
    return this.#following
  }

  async #follow(): Promise<void> {
    const { kind } = await this.#daemon.call("agent.whoami", standing(), this.#signal)
    if (kind === "session") throw new ProtocolError(ProtocolErrorCode.InvalidRequest, NO_AGENT)
    const { last } = await this.#daemon.call("event.list", { limit: 1 }, this.#signal)
    followUpdates(this.#daemon, last, this.#signal, (uri) => this.#changed(uri)).catch((error: Error) => {
      this.#following = undefined
      if (!this.#signal.aborted) process.stderr.write(`agentctl mcp: no more updates: ${error.message}\n`)
    })
  }

  #changed(uri: string): void {
    if (this.#wanted?.has(uri) === false) return
    // A client that has gone is noticed elsewhere.
    this.#server?.server.sendResourceUpdated({ uri }).catch(() => {})
  }
}
