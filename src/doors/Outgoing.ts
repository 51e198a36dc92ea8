/**
 * What a connection has to say in lines: answers of one turn travel in one write, and what a client does not read is bounded.
 */
import type { ClientStream } from "./ClientStream.ts"

/** Bytes of answers a client may leave unread before its requests are no longer read. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024

export class Outgoing {
  readonly #stream: ClientStream
  #lines: Array<string> = []
  #length = 0
  /** Notifications that wait for room, or for the lines to come back. */
  #waiting: Array<() => void> = []

  constructor(stream: ClientStream) {
    this.#stream = stream
  }

  /** The client does not read what it is sent. */
  get full(): boolean {
    return this.#length + this.#stream.queued > MAX_UNREAD_BYTES
  }

  add(line: string): void {
    this.#lines.push(line)
    this.#length += line.length
  }

  flush(): void {
    if (this.#lines.length === 0 || this.#stream.socket.destroyed) return
    const text = `${this.#lines.join("\n")}\n`
    this.#lines = []
    this.#length = 0
    this.#stream.write(text)
  }

  /** Sends a line once it may be sent, and calls `done` when there is room for the next, or nobody to send it to. */
  notify(line: string, mayBeSent: () => boolean, done: () => void, sent: () => void = () => {}): void {
    const { socket } = this.#stream
    const send = (): void => {
      if (socket.destroyed) return done()
      if (!mayBeSent()) return void this.#waiting.push(send)
      this.add(line)
      this.flush()
      sent()
      if (socket.writableNeedDrain) this.#waiting.push(done)
      else done()
    }
    send()
  }

  /** There is room again, or another reason to look. */
  proceed(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const look of waiting) look()
  }
}
