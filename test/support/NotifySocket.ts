/**
 * The service manager's end of sd_notify(3).
 */
import { createRequire } from "node:module"
import { DatagramSocket } from "./DatagramSocket.ts"

const require = createRequire(import.meta.url)

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
  readonly #socket: DatagramSocket

  constructor(path: string) {
    this.#socket = new DatagramSocket(path)
  }

  /** Every message that has arrived and was not taken before. */
  take(): ReadonlyArray<string> {
    return this.#socket.take().map(String)
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]()
  }
}
