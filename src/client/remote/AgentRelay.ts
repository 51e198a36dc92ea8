/**
 * A socket that leads to an SSH agent, as often as somebody at the keyboard would need it and no more: whoever has broken into the
 * other machine cannot have it sign in a loop.
 */
import { connect, createServer, type Server, type Socket } from "node:net"

/** Connections it takes, and in how many milliseconds. */
const MAX_OPENS = 30
const OPENS_MS = 30_000
/** Connections at once: a program that keeps them open must not use up this process's descriptors. */
const MAX_AT_ONCE = 16

export class AgentRelay {
  readonly #server: Server
  readonly #open = new Set<Socket>()
  #recent: ReadonlyArray<number> = []

  private constructor(agent: string) {
    this.#server = createServer((asked) => {
      if (!this.#allows(performance.now())) return void asked.destroy()
      const answering = connect(agent)
      for (const [one, other] of [
        [asked, answering],
        [answering, asked]
      ] as const) {
        this.#open.add(one)
        one.on("error", () => other.destroy())
        one.on("close", () => {
          this.#open.delete(one)
          other.destroy()
        })
        one.pipe(other)
      }
    })
  }

  static async listen(path: string, agent: string): Promise<AgentRelay> {
    const relay = new AgentRelay(agent)
    await new Promise<void>((resolve, reject) => {
      relay.#server.once("error", reject).listen(path, resolve)
    })
    return relay
  }

  /** Whoever still speaks to the agent is cut off. */
  close(): void {
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
  }

  #allows(now: number): boolean {
    this.#recent = this.#recent.filter((at) => now - at < OPENS_MS)
    if (this.#recent.length >= MAX_OPENS || this.#open.size >= 2 * MAX_AT_ONCE) return false
    this.#recent = [...this.#recent, now]
    return true
  }
}
