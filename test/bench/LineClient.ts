/**
 * Newline-delimited JSON-RPC over a Unix socket without any ceremony: what little a client can be, so that servers are measured.
 */
import { connect, type Socket } from "node:net"

interface Line {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: unknown
}

export class LineClient {
  readonly #socket: Socket
  readonly #waiting = new Map<number, (result: unknown) => void>()
  #rest = ""
  #next = 1
  /** Is given what the server says unasked. */
  onNotification: (line: Line) => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding("utf8")
    socket.on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n")
      this.#rest = lines.pop()!
      for (const line of lines) this.#read(JSON.parse(line) as Line, line)
    })
  }

  static open(path: string): Promise<LineClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path, () => resolve(new LineClient(socket)))
      socket.once("error", reject)
    })
  }

  #read(line: Line, text: string): void {
    if (line.id === undefined) return this.onNotification(line)
    if (line.result === undefined) throw new Error(`not answered: ${text}`)
    const done = this.#waiting.get(line.id)!
    this.#waiting.delete(line.id)
    done(line.result)
  }

  ask(method: string, params: object, done: (result: unknown) => void): void {
    const id = this.#next++
    this.#waiting.set(id, done)
    this.#socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`)
  }

  call(method: string, params: object): Promise<unknown> {
    return new Promise((resolve) => this.ask(method, params, resolve))
  }

  close(): void {
    this.#socket.destroy()
  }
}
