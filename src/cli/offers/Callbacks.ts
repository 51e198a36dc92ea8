/**
 * The way back of a sign-in: the page sends the browser here to a port of this machine, where the program that waits for it is on the
 * other one. That one port is forwarded there, for a while.
 */
import { Client } from "../../client/Client.ts"
import { type Forward, parseForward } from "../../client/remote/Forward.ts"
import { type Following, follow } from "../../client/remote/Hosts.ts"
import { tunnelFiles } from "../../client/remote/TunnelFiles.ts"

/** Milliseconds a person may take to sign in. */
const OPEN_MS = 180_000

export class Callbacks {
  readonly #host: string
  readonly #client = new Client({ start: true })
  readonly #open = new Map<number, { readonly forward: Forward; readonly timer: NodeJS.Timeout }>()
  #following: Following | null = null

  constructor(host: string) {
    this.#host = host
  }

  /** Null when it is open; else why it is not. */
  async open(port: number): Promise<string | null> {
    const forward = parseForward("local", String(port))
    if (forward === null) return "it is no port"
    await this.#close(port)
    try {
      this.#following ??= await follow(tunnelFiles(this.#host).supervisor, () => {})
      await this.#record("forward.added", forward)
      await this.#following?.ask({ order: "forward", forward, held: true })
    } catch (error) {
      return (error as Error).message
    }
    const timer = setTimeout(() => void this.#close(port), OPEN_MS)
    this.#open.set(port, { forward, timer })
    return null
  }

  async end(): Promise<void> {
    for (const port of [...this.#open.keys()]) await this.#close(port)
    this.#following?.stop()
    await this.#client.close()
  }

  async #close(port: number): Promise<void> {
    const one = this.#open.get(port)
    if (one === undefined) return
    this.#open.delete(port)
    clearTimeout(one.timer)
    await this.#following?.ask({ order: "unforward", forward: one.forward }).catch(() => {})
    await this.#record("forward.removed", one.forward).catch(() => {})
  }

  #record(type: "forward.added" | "forward.removed", forward: Forward) {
    return this.#client.call("forwarding.record", { what: { type, host: this.#host, ...forward } })
  }
}
