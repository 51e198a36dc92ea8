/**
 * A Unix datagram socket that receives, which Node itself does not offer: the other end of sd_notify(3) and of the journal.
 */
import { createRequire } from "node:module"
import { readable } from "./poll.ts"

const require = createRequire(import.meta.url)

const AF_UNIX = 1
const SOCK_DGRAM = 2
const MSG_DONTWAIT = 0x40

/** Bytes of one message at the most. */
const MAX_BYTES = 256 * 1024

export class DatagramSocket implements Disposable {
  readonly #libc = (require("koffi") as typeof import("koffi")).load(null)
  readonly #recv = this.#libc.func("long recv(int, _Out_ void*, long, int)")
  readonly #fd: number

  constructor(path: string) {
    const address = Buffer.alloc(110)
    address.writeUInt16LE(AF_UNIX)
    address.write(path, 2)
    this.#fd = this.#libc.func("int socket(int, int, int)")(AF_UNIX, SOCK_DGRAM, 0)
    if (this.#libc.func("int bind(int, void*, int)")(this.#fd, address, address.length) !== 0) {
      throw new Error(`cannot bind ${path}`)
    }
  }

  /** Every message that has arrived and was not taken before. */
  take(): ReadonlyArray<Buffer> {
    const messages: Array<Buffer> = []
    const buffer = Buffer.alloc(MAX_BYTES)
    for (;;) {
      const length = Number(this.#recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT))
      if (length < 0) return messages
      messages.push(Buffer.from(buffer.subarray(0, length)))
    }
  }

  /** Resolves once there is something to take. */
  async arrived(): Promise<void> {
    if (!(await readable([this.#fd]))) throw new Error("nothing arrived")
  }

  [Symbol.dispose](): void {
    this.#libc.func("int close(int)")(this.#fd)
  }
}
