/**
 * A client with no manners of its own: writes whatever bytes a test wants, and reads what comes, line by line or frame by frame.
 */
import { connect } from "node:net"
import type { Duplex } from "node:stream"
import { FRAME_HEADER_BYTES, type FrameType } from "../../src/contract/Frames.ts"
import { encodeFrame } from "../../src/wire/FrameCodec.ts"

export interface Answer {
  readonly jsonrpc: string
  readonly id?: string | number | null
  // biome-ignore lint/suspicious/noExplicitAny: whatever the daemon answers is what a test is about
  readonly result?: any
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data: { readonly tag: string; readonly [field: string]: unknown }
  }
  readonly method?: string
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly params?: any
}

export class RawClient implements AsyncDisposable {
  readonly socket: Duplex
  /** Resolves when the daemon has closed its side. */
  readonly ended: Promise<void>
  #bytes: Buffer = Buffer.alloc(0)
  #over = false
  readonly #waiting: Array<() => boolean> = []
  #ids = 0

  constructor(socket: Duplex) {
    this.socket = socket
    socket.on("data", (chunk: Buffer) => {
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
      this.#look()
    })
    this.ended = new Promise((resolve) => {
      const over = () => {
        this.#over = true
        this.#look()
        resolve()
      }
      socket.on("error", over)
      socket.on("end", over)
      socket.on("close", over)
    })
  }

  static open(path: string): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path, allowHalfOpen: true })
      socket.once("error", reject)
      socket.once("connect", () => {
        socket.off("error", reject)
        resolve(new RawClient(socket))
      })
    })
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes)
  }

  /** Writes a value as one line. */
  send(value: unknown): void {
    this.write(`${JSON.stringify(value)}\n`)
  }

  /** The next line; `null` when the daemon has closed its side. Lines are handed out in the order they are asked for. */
  line(): Promise<string | null> {
    return this.#next(() => {
      const end = this.#bytes.indexOf(0x0a)
      return end < 0 ? undefined : this.#take(end + 1).toString("utf8", 0, end)
    })
  }

  /** The next line, as what it says. */
  async answer(): Promise<Answer> {
    const line = await this.line()
    if (line === null) throw new Error("the daemon closed the connection")
    return JSON.parse(line) as Answer
  }

  /** Asks and returns the next line, which must be the answer. */
  async call(method: string, params?: unknown): Promise<Answer> {
    this.#ids += 1
    this.send({ jsonrpc: "2.0", id: this.#ids, method, params })
    const answer = await this.answer()
    if (answer.id !== this.#ids) throw new Error(`not the answer to request ${this.#ids}: ${JSON.stringify(answer)}`)
    return answer
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  async result(method: string, params?: unknown): Promise<any> {
    const { error, result } = await this.call(method, params)
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result
  }

  sendFrame(type: FrameType, ...payload: ReadonlyArray<Uint8Array>): void {
    this.write(encodeFrame(type, ...payload))
  }

  /** The next frame, or the next one of a type; `null` when the daemon has closed its side. */
  async frame(type?: FrameType): Promise<{ readonly type: number; readonly payload: Buffer } | null> {
    for (;;) {
      const frame = await this.#next(() => {
        if (this.#bytes.length < FRAME_HEADER_BYTES) return undefined
        const length = FRAME_HEADER_BYTES + this.#bytes.readUInt32BE(1)
        if (this.#bytes.length < length) return undefined
        const bytes = this.#take(length)
        return { type: bytes[0]!, payload: bytes.subarray(FRAME_HEADER_BYTES) }
      })
      if (frame === null || type === undefined || frame.type === type) return frame
    }
  }

  /** Sends no more, but still reads. */
  endWriting(): void {
    this.socket.end()
  }

  destroy(): void {
    this.socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.destroy()
  }

  #take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    return taken
  }

  #next<A>(take: () => A | undefined): Promise<A | null> {
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        const found = take()
        if (found === undefined && !this.#over) return false
        resolve(found ?? null)
        return true
      })
      this.#look()
    })
  }

  #look(): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!()) this.#waiting.shift()
  }
}
