/**
 * The socket of a connection's supervisor. Whoever connects is sent the status, a JSON line now and one at every change, and may
 * send orders, a line each: the words `kick`, `kick terminal` and `stop`, which have no answer, and JSON objects with an `id`, which
 * are answered with `{"answer": id}` or `{"answer": id, "error": {tag, message}}`.
 */
import { chmodSync, rmSync } from "node:fs"
import { connect, createServer, type Server, type Socket } from "node:net"
import { LineSplitter } from "../../wire/LineSplitter.ts"
import { AgentdError } from "../AgentdError.ts"
import type { Forward } from "./Forward.ts"

/** Bytes of an order. */
const MAX_ORDER_BYTES = 4_096

/** An order that is answered. */
export type Order =
  /** `held`: for as long as this connection to the supervisor lasts. */
  | { readonly order: "forward"; readonly forward: Forward; readonly held: boolean }
  | { readonly order: "unforward"; readonly forward: Forward }

export interface Answer {
  readonly answer: number
  readonly error?: { readonly tag: string; readonly message: string }
}

export interface StatusSocketOptions {
  readonly path: string
  readonly status: () => unknown
  readonly onWord: (word: string) => void
  /** @throws AgentdError as the answer */
  readonly onOrder: (order: Order, from: object) => Promise<void>
  readonly onGone: (from: object) => void
}

export class StatusSocket {
  readonly #options: StatusSocketOptions
  readonly #watchers = new Set<Socket>()
  #server: Server | undefined

  constructor(options: StatusSocketOptions) {
    this.#options = options
  }

  /** @throws AgentdError `Conflict` when somebody listens there */
  async listen(name: string): Promise<void> {
    const { path } = this.#options
    if (await answers(path)) {
      throw new AgentdError("Conflict", `A connection to ${name} is kept already. "agentctl hosts" shows it.`)
    }
    rmSync(path, { force: true })
    this.#server = createServer((socket) => this.#serve(socket))
    await new Promise<void>((resolve, reject) => {
      this.#server!.once("error", reject).listen(path, resolve)
    })
    // It runs under the user's own mask, not the daemon's; its directory is theirs alone, and so is this.
    chmodSync(path, 0o600)
  }

  /** Tells everybody. */
  changed(): void {
    for (const socket of this.#watchers) socket.write(this.#line())
  }

  close(): void {
    for (const socket of this.#watchers) socket.destroySoon()
    this.#server?.close()
    rmSync(this.#options.path, { force: true })
  }

  #serve(socket: Socket): void {
    const lines = new LineSplitter(MAX_ORDER_BYTES)
    this.#watchers.add(socket)
    socket.on("error", () => {})
    socket.on("close", () => {
      this.#watchers.delete(socket)
      this.#options.onGone(socket)
    })
    socket.on("data", (chunk: Buffer) =>
      lines.push(chunk, (line) => {
        if (typeof line === "symbol") socket.destroy()
        else if (!line.startsWith("{")) this.#options.onWord(line)
        else void this.#order(line, socket)
        return true
      })
    )
    socket.write(this.#line())
  }

  async #order(line: string, socket: Socket): Promise<void> {
    let id = 0
    let error: Answer["error"]
    try {
      const asked = JSON.parse(line) as Order & { readonly id: number }
      id = Number(asked.id)
      await this.#options.onOrder(asked, socket)
    } catch (cause) {
      error = {
        tag: cause instanceof AgentdError ? cause.tag : "InternalError",
        message: cause instanceof Error ? cause.message : String(cause)
      }
    }
    const answer: Answer = { answer: id, ...(error === undefined ? {} : { error }) }
    if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`)
  }

  #line(): string {
    return `${JSON.stringify(this.#options.status())}\n`
  }
}

/** Does somebody listen on this socket? */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
