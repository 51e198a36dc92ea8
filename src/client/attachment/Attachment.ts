/**
 * A session's terminal, seen from a client: what it prints as an async iterable, and the way to type into it.
 *
 * Reading is the back-pressure: whoever does not iterate stops the connection, and the daemon then keeps the newest screen
 * (or, with `lossy: "bytes"`, every byte on disk) for later.
 */
import { FrameError, FrameType, RoleWanted, readRole, readSize, readU64, size } from "../../contract/Frames.ts"
import type { Result } from "../../contract/Methods.ts"
import { encodeFrame } from "../../wire/FrameCodec.ts"
import { AgentdError } from "../AgentdError.ts"
import type { Connection, FrameSink } from "../Connection.ts"
import type { AttachmentMessage, ProgramExit } from "./AttachmentMessage.ts"
import { FrameReader } from "./FrameReader.ts"
import { Keyboard, type SendFrame } from "./Keyboard.ts"
import { MessageQueue } from "./MessageQueue.ts"

/** Milliseconds the daemon may take to confirm a detach before the connection is simply closed. */
const DETACH_MS = 1_000

export class Attachment implements AsyncIterable<AttachmentMessage> {
  /** The daemon's answer: this client's id, the session, the first offset, the configured escape key. */
  readonly info: Result<"session.attach">
  readonly #connection: Connection
  readonly #messages: MessageQueue
  /** Has asked to be detached: what still comes is for nobody. */
  #leaving = false
  #finished = false
  #error: AgentdError | undefined
  readonly #keyboard: Keyboard
  /** The keyboard is used again on another connection: what it has not sent stays in it when this one is lost. */
  readonly #lasting: boolean
  /** Something has come since this was last set to false. */
  heard = true
  readonly #closed = Promise.withResolvers<void>()

  /** Use `Client.attach`. */
  static over(
    connection: Connection,
    info: Result<"session.attach">,
    keyboard?: Keyboard
  ): { readonly attachment: Attachment; readonly sink: FrameSink } {
    const attachment = new Attachment(connection, info, keyboard)
    const reader = new FrameReader({
      output: (offset, bytes) => attachment.#add({ type: "output", offset, bytes }),
      frame: (type, payload) => attachment.#frame(type, payload)
    })
    return {
      attachment,
      sink: {
        push: (chunk) => {
          attachment.heard = true
          try {
            reader.push(chunk)
          } catch (cause) {
            attachment.#finish(asProtocolError(cause))
            connection.close()
          }
        },
        end: (error) => attachment.#finish(error)
      }
    }
  }

  private constructor(connection: Connection, info: Result<"session.attach">, keyboard: Keyboard | undefined) {
    this.#connection = connection
    this.#messages = new MessageQueue(connection)
    this.#keyboard = keyboard ?? new Keyboard()
    this.#lasting = keyboard !== undefined
    this.info = info
    // Whoever only iterates learns of the end there; nobody has to look at this promise.
    this.#closed.promise.catch(() => {})
  }

  /** Settles when the attachment has ended: rejects if the connection was lost. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** Everything that has arrived, a batch at a time: cheaper than one message at a time for whoever writes it on. */
  batches(): AsyncGenerator<ReadonlyArray<AttachmentMessage>, void> {
    return this.#messages.batches()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AttachmentMessage, void> {
    for await (const batch of this.batches()) yield* batch
  }

  /** Types `bytes` into the program. Resolves once the daemon has taken them; calls keep their order. */
  input(bytes: Uint8Array): Promise<void> {
    if (this.#finished && !this.#lasting) return Promise.reject(this.#error ?? ended())
    return this.#keyboard.type(bytes, this.#sender)
  }

  /** No more input: the program is sent its end-of-file character. */
  endInput(): void {
    if (this.#lasting) this.#keyboard.end(this.#sender)
    else this.#send(FrameType.Eof)
  }

  /** Sends what an earlier connection has not had acknowledged. */
  sendAgain(): void {
    // A daemon that does not know what it has had would type it twice.
    if (this.info.taken === undefined) return this.#keyboard.fail(ended())
    this.#keyboard.acknowledge(this.info.taken)
    this.#keyboard.sendAgain(this.#sender)
  }

  /** Asks for a sign of life. */
  ping(): void {
    this.#send(FrameType.Ping)
  }

  /** Nobody reads what comes, so that nothing more comes. */
  get paused(): boolean {
    return this.#messages.paused
  }

  /** Gives the connection up: whoever reads sees it end with this error. */
  abandon(error: AgentdError): void {
    this.#finish(error)
    this.#connection.destroy()
  }

  /** This client's terminal has a new size. */
  resize(cols: number, rows: number): void {
    this.#send(FrameType.Resize, size(cols, rows))
  }

  /** Asks for the keyboard: everybody else only looks then. */
  take(): void {
    this.#send(FrameType.Role, Buffer.of(RoleWanted.Take))
  }

  /** Asks for a fresh snapshot. */
  redraw(): void {
    this.#send(FrameType.Redraw)
  }

  /** Leaves the session running and ends the attachment. */
  async detach(): Promise<void> {
    if (this.#finished) return
    this.#send(FrameType.Detach)
    // The answer may wait behind output nobody reads any more.
    this.#leaving = true
    this.#connection.resume()
    const timer = setTimeout(() => this.#last({ type: "detached", reason: "" }), DETACH_MS)
    await this.closed.catch(() => {})
    clearTimeout(timer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.detach()
    this.#connection.close()
  }

  readonly #sender: SendFrame = (type, ...parts) => this.#send(type, ...parts)

  #send(type: FrameType, ...parts: ReadonlyArray<Uint8Array>): void {
    if (!this.#finished) this.#connection.write(encodeFrame(type, ...parts))
  }

  #add(message: AttachmentMessage): void {
    if (this.#leaving && message.type !== "detached" && message.type !== "exit") return
    this.#messages.add(message)
  }

  #frame(type: FrameType, payload: Buffer): void {
    switch (type) {
      case FrameType.Ack:
        this.#keyboard.acknowledge(readU64(payload))
        break
      case FrameType.Gap:
        this.#add({ type: "gap", from: readU64(payload), to: readU64(payload, 8) })
        break
      case FrameType.Snapshot:
        this.#add({ type: "snapshot", offset: readU64(payload), bytes: payload.subarray(8) })
        break
      case FrameType.Resize:
        this.#add({ type: "resize", ...readSize(payload) })
        break
      case FrameType.Role:
        this.#add({ type: "role", ...readRole(payload) })
        break
      case FrameType.Offer:
        this.#add({ type: "offer", offer: json(payload) })
        break
      case FrameType.Notice:
        this.#add({ type: "notice", text: payload.toString("utf8") })
        break
      case FrameType.Ping:
        this.#send(FrameType.Pong, payload)
        break
      case FrameType.Exit:
        this.#last({ type: "exit", exit: json(payload) as ProgramExit })
        break
      case FrameType.Detach:
        this.#last({ type: "detached", reason: payload.toString("utf8") })
        break
      case FrameType.Error:
        this.#last(undefined, AgentdError.fromWire(json(payload)))
        break
    }
  }

  #last(message: AttachmentMessage | undefined, error?: AgentdError): void {
    if (message !== undefined) this.#add(message)
    this.#finish(error)
    this.#connection.close()
  }

  #finish(error: AgentdError | undefined): void {
    if (this.#finished) return
    this.#finished = true
    this.#error = error
    if (!this.#lasting) this.#keyboard.fail(error ?? ended())
    if (error === undefined) this.#closed.resolve()
    else this.#closed.reject(error)
    this.#messages.finish(error)
  }
}

const ended = () => new AgentdError("ConnectionLost", "This attachment has ended.")

const json = (payload: Buffer): unknown => {
  try {
    return JSON.parse(payload.toString("utf8"))
  } catch {
    throw new FrameError("a payload that is not JSON")
  }
}

const asProtocolError = (cause: unknown): AgentdError =>
  new AgentdError("ProtocolError", `The daemon broke the protocol: ${(cause as Error).message}.`, { cause })
