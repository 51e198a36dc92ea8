/**
 * What has arrived for a reader that takes it in its own time: beyond some of it the connection is stopped until it is taken.
 */
import type { AgentdError } from "../AgentdError.ts"
import type { AttachmentMessage } from "./AttachmentMessage.ts"

/** Bytes held for a reader that does not keep up before the connection is paused: a few reads of the socket. */
const HIGH_WATER_BYTES = 512 * 1024

export class MessageQueue {
  readonly #connection: { readonly pause: () => void; readonly resume: () => void }
  #messages: Array<AttachmentMessage> = []
  #bytes = 0
  #paused = false
  #wake: (() => void) | undefined
  #finished = false
  #error: AgentdError | undefined

  constructor(connection: { readonly pause: () => void; readonly resume: () => void }) {
    this.#connection = connection
  }

  /** The connection is stopped: nobody reads what comes, so that nothing more comes. */
  get paused(): boolean {
    return this.#paused
  }

  add(message: AttachmentMessage): void {
    this.#messages.push(message)
    if (message.type === "output" || message.type === "snapshot") this.#bytes += message.bytes.length
    if (this.#bytes > HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true
      this.#connection.pause()
    }
    this.#wakeReader()
  }

  /** Nothing comes any more; with an error the reader sees that after what had arrived. */
  finish(error: AgentdError | undefined): void {
    this.#finished = true
    this.#error = error
    this.#wakeReader()
  }

  /** Everything that has arrived, a batch at a time. */
  async *batches(): AsyncGenerator<ReadonlyArray<AttachmentMessage>, void> {
    for (;;) {
      if (this.#messages.length > 0) {
        const batch = this.#messages
        this.#messages = []
        this.#bytes = 0
        yield batch
        continue
      }
      if (this.#finished) {
        if (this.#error !== undefined) throw this.#error
        return
      }
      if (this.#paused) {
        this.#paused = false
        this.#connection.resume()
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #wakeReader(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
