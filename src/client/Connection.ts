/**
 * One connection to the daemon: JSON-RPC 2.0 lines, any number of requests at once, and the switch to frames after `attach`.
 */
import { connect } from "node:net"
import type { Duplex } from "node:stream"
import { CONNECT_MS } from "../contract/Limits.ts"
import { LineSplitter, NOT_UTF8, TOO_LONG } from "../wire/LineSplitter.ts"
import { AgentdError } from "./AgentdError.ts"

/** Bytes of one answer. Far above what the daemon sends: it only keeps a stranger on the socket from filling memory. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

export interface RequestOptions {
  /** Milliseconds to wait for the answer; null: as long as it takes. */
  readonly timeoutMs?: number | null
  readonly signal?: AbortSignal
}

/** What takes over the bytes once a connection speaks frames. */
export interface FrameSink {
  push(chunk: Buffer): void
  /** The connection is gone. */
  end(error: AgentdError | undefined): void
}

interface Pending {
  readonly method: string
  readonly resolve: (result: unknown) => void
  readonly reject: (error: AgentdError) => void
  /** Called with the answer, before any byte that follows it is looked at. */
  readonly upgrade?: (result: unknown) => FrameSink
}

export class Connection {
  readonly #socket: Duplex
  readonly #lines = new LineSplitter(MAX_ANSWER_BYTES)
  readonly #pending = new Map<number, Pending>()
  #nextId = 1
  #sink: FrameSink | undefined
  #ended: AgentdError | undefined
  /** Called for every notification. */
  onNotification: (method: string, params: unknown) => void = () => {}
  /** Called once, when the connection is gone. */
  onEnd: (error: AgentdError) => void = () => {}

  /** Over any stream of bytes; `open` makes one to a socket. */
  constructor(socket: Duplex) {
    this.#socket = socket
    socket.on("data", (chunk: Buffer) => this.#take(chunk))
    socket.on("error", (cause) => this.#end(lost(cause.message)))
    socket.on("close", () => this.#end(lost("the daemon closed it")))
  }

  /** @throws AgentdError `NoDaemon` when nothing listens there, `TimedOut` when nobody answers */
  static open(path: string, timeoutMs = CONNECT_MS): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(path)
      const timer = setTimeout(() => {
        socket.destroy()
        reject(
          new AgentdError("TimedOut", `The daemon did not take a connection within ${timeoutMs} ms (${path}).`, {
            data: { path }
          })
        )
      }, timeoutMs)
      const onError = (cause: NodeJS.ErrnoException) => {
        clearTimeout(timer)
        reject(notConnected(path, cause))
      }
      socket.once("error", onError)
      socket.once("connect", () => {
        clearTimeout(timer)
        socket.off("error", onError)
        resolve(new Connection(socket))
      })
    })
  }

  request(method: string, params: unknown, options: RequestOptions = {}): Promise<unknown> {
    return this.#request(method, params, options)
  }

  /** Sends `session.attach`; from its answer on, every byte goes to the sink that `upgrade` returns. */
  upgrade(
    method: string,
    params: unknown,
    upgrade: (result: unknown) => FrameSink,
    options: RequestOptions = {}
  ): Promise<unknown> {
    return this.#request(method, params, options, upgrade)
  }

  notify(method: string, params: unknown): void {
    this.#socket.write(`${JSON.stringify({ jsonrpc: "2.0", method, params })}\n`)
  }

  /** Writes raw bytes (frames); false when the kernel's buffer is full. */
  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Ends the connection; what was written before still goes out. */
  close(): void {
    this.#end(new AgentdError("ConnectionLost", "The client has closed this connection."))
    // At once if nothing waits: the orderly way costs some turns of the event loop.
    if (this.#socket.writableLength === 0) this.#socket.destroy()
    else this.#socket.end(() => this.#socket.destroy())
  }

  /** Ends it at once: the other side does not answer any more. */
  destroy(): void {
    this.#end(lost("it was given up"))
    this.#socket.destroy()
  }

  #request(
    method: string,
    params: unknown,
    { timeoutMs = null, signal }: RequestOptions,
    upgrade?: (result: unknown) => FrameSink
  ): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#pending.delete(id)
        if (timer !== undefined) clearTimeout(timer)
        signal?.removeEventListener("abort", onAbort)
      }
      const onAbort = () => {
        settle()
        reject(signal?.reason)
      }
      const timer =
        timeoutMs === null
          ? undefined
          : setTimeout(() => {
              settle()
              reject(
                new AgentdError(
                  "TimedOut",
                  `The daemon did not answer ${method} within ${timeoutMs} ms. "agentctl daemon logs" may say why.`,
                  { data: { method, ms: timeoutMs } }
                )
              )
            }, timeoutMs)
      if (signal?.aborted) {
        onAbort()
        return
      }
      signal?.addEventListener("abort", onAbort, { once: true })
      this.#pending.set(id, {
        method,
        resolve: (result) => {
          settle()
          resolve(result)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
        ...(upgrade === undefined ? {} : { upgrade })
      })
      this.#socket.write(
        `${JSON.stringify({ jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) })}\n`
      )
    })
  }

  #take(chunk: Buffer): void {
    if (this.#sink !== undefined) {
      this.#sink.push(chunk)
      return
    }
    const rest = this.#lines.push(chunk, (line) => {
      if (line === TOO_LONG) this.#fail(`an answer of more than ${MAX_ANSWER_BYTES} bytes`)
      else if (line === NOT_UTF8) this.#fail("an answer that is not UTF-8")
      else this.#line(line)
      return this.#sink === undefined
    })
    if (rest !== null && rest.length > 0) this.#upgraded()?.push(rest)
  }

  /** A method, because the compiler does not see that the callback above may set it. */
  #upgraded(): FrameSink | undefined {
    return this.#sink
  }

  #line(line: string): void {
    let message: unknown
    try {
      message = JSON.parse(line)
    } catch {
      this.#fail("a line that is not JSON")
      return
    }
    if (typeof message !== "object" || message === null) {
      this.#fail("a message that is not an object")
      return
    }
    const { id, method, params, result, error } = message as Readonly<Record<string, unknown>>
    const pending = typeof id === "number" ? this.#pending.get(id) : undefined
    if (typeof method === "string") this.onNotification(method, params)
    else if (pending === undefined) {
      // An answer without our id speaks about the connection as a whole: too many connections, an unreadable line.
      if (id === null && error !== undefined) this.#end(AgentdError.fromWire(error))
    } else if (error !== undefined) pending.reject(AgentdError.fromWire(error))
    else {
      if (pending.upgrade !== undefined) this.#sink = pending.upgrade(result)
      pending.resolve(result)
    }
  }

  #fail(what: string): void {
    this.#end(new AgentdError("ProtocolError", `What answers on this socket is not agentd: it sent ${what}.`))
    this.#socket.destroy()
  }

  #end(error: AgentdError): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    for (const pending of [...this.#pending.values()]) pending.reject(error)
    this.#sink?.end(error)
    this.onEnd(error)
  }
}

const lost = (why: string) =>
  new AgentdError("ConnectionLost", `The connection to the daemon was lost: ${why}. "agentctl daemon status" shows it.`)

const notConnected = (path: string, cause: NodeJS.ErrnoException): AgentdError => {
  if (cause.code === "EACCES" || cause.code === "EPERM") {
    return new AgentdError("NotAllowed", `Not allowed: ${path} belongs to another user.`, { data: { path }, cause })
  }
  return new AgentdError(
    "NoDaemon",
    `No daemon listens on ${path} (${cause.code}). Start one with "agentctl daemon start".`,
    { data: { path }, cause }
  )
}
