/**
 * The service manager's end of sd_notify(3): a Unix datagram socket, which Node itself does not offer.
 */
import { createRequire } from "node:module"

const require = createRequire(import.meta.url)

const AF_UNIX = 1
const SOCK_DGRAM = 2
const MSG_DONTWAIT = 0x40

/** Is the optional addon built that speaks to it? */
export const notifyIsBuilt = (): boolean => {
  try {
    require("sd-notify")
    return true
  } catch {
    return false
  }
}

export class NotifySocket implements Disposable {
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
  take(): ReadonlyArray<string> {
    const messages: Array<string> = []
    const buffer = Buffer.alloc(4096)
    for (;;) {
      const length = Number(this.#recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT))
      if (length < 0) return messages
      messages.push(buffer.toString("utf8", 0, length))
    }
  }

  [Symbol.dispose](): void {
    this.#libc.func("int close(int)")(this.#fd)
  }
}
