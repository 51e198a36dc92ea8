/**
 * The way out to a client: knows at any moment which bytes the kernel has not taken, so that the daemon's next version can send
 * them.
 */
import type { Duplex } from "node:stream"

export class ClientStream {
  readonly socket: Duplex
  /** What was written last, at least as much as is queued. */
  #recent: Array<Uint8Array | string> = []
  #length = 0

  constructor(socket: Duplex) {
    this.socket = socket
  }

  /** Bytes (or characters) queued in this process. */
  get queued(): number {
    return this.socket.writableLength
  }

  write(bytes: Uint8Array | string, done?: () => void): void {
    this.socket.write(bytes, done)
    const queued = this.socket.writableLength
    if (queued === 0) {
      if (this.#length > 0) this.#recent = []
      this.#length = 0
      return
    }
    this.#recent.push(bytes)
    this.#length += bytes.length
    while (this.#length - this.#recent[0]!.length >= queued) this.#length -= this.#recent.shift()!.length
  }

  /** The bytes that the kernel has not taken, given how many they are. */
  last(count: number): Buffer {
    if (count === 0) return Buffer.alloc(0)
    const all = Buffer.concat(this.#recent.map((bytes) => (typeof bytes === "string" ? Buffer.from(bytes) : bytes)))
    if (all.length < count) throw new Error(`${count} bytes are unsent, and ${all.length} are known`)
    return all.subarray(all.length - count)
  }
}
