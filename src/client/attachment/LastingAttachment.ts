/**
 * An attachment that outlives its connection: when that is lost, or the daemon is, it comes back by itself and goes on with the next
 * byte of output. What was typed and not acknowledged is sent again, under the same numbers.
 *
 *   attached ──lost──▶ offline ──attempt──▶ attached
 *                      ▲     │
 *                      └─────┘ 1 s, 2 s, 4 s, 8 s, 10 s …; at once when asked to
 */
import { randomBytes } from "node:crypto"
import { FrameError } from "../../contract/Frames.ts"
import type { Result } from "../../contract/Methods.ts"
import type { AttachParams } from "../../contract/session/SessionTerminal.ts"
import { AgentdError } from "../AgentdError.ts"
import type { Attachment } from "./Attachment.ts"
import type { AttachmentMessage, LastingMessage } from "./AttachmentMessage.ts"
import { type Attach, attachKnowing } from "./attachKnowing.ts"
import { Keyboard } from "./Keyboard.ts"

/** Milliseconds between two attempts: doubles from the first to the second. */
const RETRY_MS = { first: 1_000, most: 10_000 } as const
/** Milliseconds between two looks whether anything has come; if not, the daemon is asked for a sign of life. */
const PING_MS = 10_000
/** Looks without a sign of life after which the connection is given up. */
const SILENT_LOOKS = 3
/** A session that is its daemon's child ends with it; but a daemon that replaces itself is away for a moment, too. */
const GRACE_MS = 3_000

/** Bytes of a token: see `AttachToken` in the contract. */
const TOKEN_BYTES = 12

/** Errors that time may mend. */
const PASSING: ReadonlySet<string> = new Set(["ConnectionLost", "NoDaemon", "TimedOut", "Draining", "Busy", "HostDown"])

export interface LastingOptions {
  readonly pingMs?: number
  readonly retryMs?: { readonly first: number; readonly most: number }
  /** Milliseconds without a daemon after which a session that is its child is given up. More where only the way to it may be gone. */
  readonly graceMs?: number
}

export class LastingAttachment implements AsyncIterable<LastingMessage> {
  readonly #attach: Attach
  readonly #keyboard: Keyboard
  readonly #options: LastingOptions
  #params: AttachParams
  #current: Attachment
  /** Offset of the next byte of output that whoever reads has not seen. */
  #next: number
  #online = true
  readonly #leaving = new AbortController()
  /** What the reader sees is not only the session's: it wants to be painted afresh when it is back. */
  #disturbed = false
  #silent = 0
  #retry: () => void = () => {}
  readonly #pinging: NodeJS.Timeout

  /** Use `Client.attachLasting`. */
  static async open(attach: Attach, params: AttachParams, options: LastingOptions): Promise<LastingAttachment> {
    const keyboard = new Keyboard()
    const token = randomBytes(TOKEN_BYTES).toString("hex")
    const all = { ...params, token }
    const { attachment, known } = await attachKnowing(attach, all, { keyboard, again: false })
    return new LastingAttachment(attach, known, options, keyboard, attachment)
  }

  private constructor(
    attach: Attach,
    params: AttachParams,
    options: LastingOptions,
    keyboard: Keyboard,
    current: Attachment
  ) {
    this.#attach = attach
    this.#params = params
    this.#options = options
    this.#keyboard = keyboard
    this.#current = current
    this.#next = current.info.offset
    this.#pinging = setInterval(() => this.#look(), options.pingMs ?? PING_MS)
    this.#pinging.unref()
  }

  /** The daemon's answer when this was attached last. */
  get info(): Result<"session.attach"> {
    return this.#current.info
  }

  async *batches(): AsyncGenerator<ReadonlyArray<LastingMessage>, void> {
    try {
      for (;;) {
        try {
          for await (const batch of this.#current.batches()) {
            this.#follow(batch)
            yield batch
          }
          return
        } catch (error) {
          if (this.#leaving.signal.aborted || !passes(error)) throw error
          this.#online = false
          yield [{ type: "offline", error, retryInMs: 0 }]
          yield* this.#comeBack(error)
        }
      }
    } finally {
      this.#end()
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LastingMessage, void> {
    for await (const batch of this.batches()) yield* batch
  }

  /** Types `bytes` into the program, now or once it is back. Resolves when the daemon has taken them. */
  input(bytes: Uint8Array): Promise<void> {
    if (this.#online) return this.#current.input(bytes)
    return this.#keyboard.type(bytes, () => {})
  }

  endInput(): void {
    if (this.#online) this.#current.endInput()
    else this.#keyboard.end(() => {})
  }

  resize(cols: number, rows: number): void {
    this.#params = { ...this.#params, cols, rows }
    if (this.#online) this.#current.resize(cols, rows)
  }

  /** Asks for the keyboard: everybody else only looks then. */
  take(): void {
    if (this.#online) this.#current.take()
  }

  /** Asks for a fresh snapshot; one that comes back is sent it first. */
  redraw(): void {
    this.#disturbed = true
    if (this.#online) this.#current.redraw()
  }

  /** While it is offline: does not wait any longer for the next attempt. */
  retry(): void {
    this.#retry()
  }

  async detach(): Promise<void> {
    this.#end()
    if (this.#online) await this.#current.detach()
    else this.#current.abandon(gone())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.detach()
    await this.#current[Symbol.asyncDispose]()
  }

  #end(): void {
    this.#leaving.abort(gone())
    clearInterval(this.#pinging)
    this.#retry()
    this.#keyboard.fail(gone())
  }

  /** What has been handed out is seen. A gap is closed by the snapshot after it, unless every byte is wanted anyway. */
  #follow(batch: ReadonlyArray<AttachmentMessage>): void {
    for (const message of batch) {
      if (message.type === "output") this.#next = message.offset + message.bytes.length
      else if (message.type === "snapshot") {
        this.#next = message.offset
        this.#disturbed = false
      } else if (message.type === "role") {
        // Whoever was made a viewer comes back as one, and whoever took the session does not take it twice.
        this.#params = { ...this.#params, mode: message.mayType ? "write" : "view" }
      } else if (message.type === "gap" && this.#params.lossy === "bytes") this.#next = message.to
    }
  }

  async *#comeBack(cause: AgentdError): AsyncGenerator<ReadonlyArray<LastingMessage>, void> {
    const { first, most } = this.#options.retryMs ?? RETRY_MS
    const since = performance.now()
    for (let wait = first; ; wait = Math.min(most, wait * 2)) {
      let failed: AgentdError
      try {
        yield [await this.#again()]
        return
      } catch (error) {
        if (this.#leaving.signal.aborted || !passes(error)) throw error
        failed = error
      }
      const direct = this.#current.info.session.launcher === "direct"
      if (direct && failed.tag === "NoDaemon" && performance.now() - since > (this.#options.graceMs ?? GRACE_MS))
        throw cause
      yield [{ type: "offline", error: failed, retryInMs: wait }]
      await this.#pause(wait)
      if (this.#leaving.signal.aborted) throw cause
    }
  }

  async #again(): Promise<LastingMessage> {
    // What stood above the screen when it first came is in its terminal still.
    const { repaint: _, scrollback: __, size: ___, ...params } = this.#params
    const again: AttachParams = {
      ...params,
      session: this.#current.info.session.id,
      from: this.#next,
      // It may have ended meanwhile: then the rest of its output and its end are still to come.
      ended: true,
      // Taken once is enough: another may have taken it since.
      ...(params.mode === "take" ? { mode: "write" as const } : {}),
      ...(this.#disturbed ? { repaint: true } : {})
    }
    const { attachment, known } = await attachKnowing(this.#attach, again, {
      keyboard: this.#keyboard,
      again: true,
      signal: this.#leaving.signal
    })
    const { cols, rows } = this.#params
    this.#current = attachment
    this.#online = true
    this.#silent = 0
    try {
      attachment.sendAgain()
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      throw new AgentdError("ProtocolError", `The daemon broke the protocol: ${error.message}.`, { cause: error })
    }
    // Disturbed after it was asked, or of a version that does not know how to repaint: it can always redraw.
    if (this.#disturbed && known.repaint !== true) attachment.redraw()
    // It may have been resized while the attempt was under way.
    if (cols !== again.cols || rows !== again.rows) attachment.resize(cols ?? 0, rows ?? 0)
    return { type: "online", unsure: attachment.info.unsure ?? 0 }
  }

  /** Waits, but no longer than until somebody asks for another attempt. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#retry = () => {}
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#retry = done
    })
  }

  #look(): void {
    const current = this.#current
    if (!this.#online || current.heard || current.paused) {
      this.#silent = 0
      current.heard = false
      return
    }
    this.#silent += 1
    if (this.#silent <= SILENT_LOOKS) return current.ping()
    const seconds = ((this.#options.pingMs ?? PING_MS) * SILENT_LOOKS) / 1000
    current.abandon(new AgentdError("ConnectionLost", `The daemon has not answered for ${seconds} s.`))
  }
}

const gone = () => new AgentdError("ConnectionLost", "Detached while the daemon was away.")

const passes = (error: unknown): error is AgentdError => error instanceof AgentdError && PASSING.has(error.tag)
