/**
 * A client of one daemon: typed calls, events, attachments. Connects when first used and keeps that connection.
 */
import type { Duplex } from "node:stream"
import type { Event } from "../contract/Event.ts"
import { PROTOCOL_MAX, PROTOCOL_MIN } from "../contract/Limits.ts"
import type { MethodName, Params, Result } from "../contract/Methods.ts"
import type { AttachParams } from "../contract/session/SessionTerminal.ts"
import { AgentdError } from "./AgentdError.ts"
import type { Attachment } from "./attachment/Attachment.ts"
import type { Keyboard } from "./attachment/Keyboard.ts"
import type { LastingAttachment, LastingOptions } from "./attachment/LastingAttachment.ts"
import { Connection, type RequestOptions } from "./Connection.ts"
import { timeoutFor } from "./Deadlines.ts"
import { checkSocket, type Environment, findSocket } from "./Places.ts"
import type { Waiting } from "./WaitAgain.ts"
import type { WatchOptions } from "./Watch.ts"

export interface ClientOptions {
  /** Path of the daemon's socket. Default: `$AGENTD_SOCKET`, else where the daemon of this user has it. */
  readonly socket?: string
  /** Another way to reach it than its socket: called for every connection. */
  readonly connect?: () => Promise<Duplex>
  /** Start a daemon if none listens. Default false. */
  readonly start?: boolean
  /** Told what is waited for when starting a daemon takes longer than a second. */
  readonly onProgress?: (message: string) => void
  /** Where socket and daemon are looked up. Default: `process.env`. */
  readonly env?: Environment
}

export class Client implements AsyncDisposable {
  readonly socket: string
  readonly #options: ClientOptions
  #connection: Promise<Connection> | undefined

  constructor(options: ClientOptions = {}) {
    this.#options = options
    this.socket = options.socket ?? findSocket(options.env)
  }

  /** It speaks to a daemon of this machine over its socket. */
  get local(): boolean {
    return this.#options.connect === undefined
  }

  /**
   * Calls a method and returns its result.
   *
   * @throws AgentdError whose `tag` says what was refused
   */
  async call<M extends MethodName>(method: M, params: Params<M>, options: RequestOptions = {}): Promise<Result<M>> {
    return (await this.request(method, params, options)) as Result<M>
  }

  /** Calls a method by any name, for what this version does not know. */
  async request(method: string, params?: unknown, options: RequestOptions = {}): Promise<unknown> {
    const connection = await this.#connected()
    try {
      return await connection.request(method, params, { timeoutMs: timeoutFor(method), ...options })
    } catch (error) {
      throw await explained(connection, error)
    }
  }

  /** Calls without waiting for, or getting, an answer. */
  async notify<M extends MethodName>(method: M, params: Params<M>): Promise<void> {
    ;(await this.#connected()).notify(method, params)
  }

  /** Events as they happen, over a connection of their own; none is missed or comes twice. Ends when the loop is left. */
  async *watch(options: WatchOptions = {}): AsyncGenerator<Event, void> {
    const { watchEvents } = await import("./Watch.ts")
    yield* watchEvents((again) => this.#open(again), options)
  }

  /** Waits, over a connection of its own, also for a daemon that goes away meanwhile and comes back. */
  async wait<M extends Waiting>(
    method: M,
    params: Params<M>,
    options: Pick<RequestOptions, "signal"> & { readonly onAway?: () => void } = {}
  ): Promise<Result<M>> {
    const { waitAgain } = await import("./WaitAgain.ts")
    return waitAgain((again) => this.#open(again), method, params, options)
  }

  /** Attaches to a session, over a connection of its own. */
  attach(params: AttachParams, options: RequestOptions = {}): Promise<Attachment> {
    return this.#attach(params, options)
  }

  /** The same for as long as the session lives: a connection that is lost is replaced, no output is missed, no input lost or typed twice. */
  async attachLasting(params: AttachParams, options: LastingOptions = {}): Promise<LastingAttachment> {
    const { LastingAttachment } = await import("./attachment/LastingAttachment.ts")
    return LastingAttachment.open((params, how) => this.#attach(params, how, how), params, options)
  }

  async #attach(
    params: AttachParams,
    options: RequestOptions,
    { again = false, keyboard }: { readonly keyboard?: Keyboard; readonly again?: boolean } = {}
  ): Promise<Attachment> {
    const { Attachment } = await import("./attachment/Attachment.ts")
    const connection = await this.#open(again)
    let attachment: Attachment | undefined
    try {
      await connection.upgrade(
        "session.attach",
        params,
        (result) => {
          const made = Attachment.over(connection, result as Result<"session.attach">, keyboard)
          attachment = made.attachment
          return made.sink
        },
        { timeoutMs: timeoutFor("session.attach"), ...options }
      )
    } catch (error) {
      const better = await explained(connection, error)
      connection.close()
      throw better
    }
    return attachment!
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    const open = await connection?.catch(() => undefined)
    open?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #connected(): Promise<Connection> {
    if (this.#connection === undefined) {
      const opening = this.#open().then((connection) => {
        connection.onEnd = () => {
          if (this.#connection === opening) this.#connection = undefined
        }
        return connection
      })
      opening.catch(() => {
        if (this.#connection === opening) this.#connection = undefined
      })
      this.#connection = opening
    }
    return this.#connection
  }

  /** Whoever comes back does not start a daemon: somebody may have stopped it on purpose. */
  async #open(again = false): Promise<Connection> {
    if (this.#options.connect !== undefined) return new Connection(await this.#options.connect())
    const named = this.#options.socket !== undefined || Boolean((this.#options.env ?? process.env).AGENTD_SOCKET)
    checkSocket(this.socket, named)
    try {
      return await Connection.open(this.socket)
    } catch (error) {
      if (again || this.#options.start !== true || !(error instanceof AgentdError) || error.tag !== "NoDaemon")
        throw error
    }
    // Loaded only now: most commands find a daemon and never need it.
    const { ensureDaemon } = await import("./EnsureDaemon.ts")
    await ensureDaemon({
      socket: this.socket,
      ...(this.#options.env === undefined ? {} : { env: this.#options.env }),
      ...(this.#options.onProgress === undefined ? {} : { onProgress: this.#options.onProgress })
    })
    checkSocket(this.socket, named)
    return Connection.open(this.socket)
  }
}

/**
 * A daemon of another version may not know a method or a field. The check costs a round trip, so it is made only
 * when an answer gives reason to.
 */
const explained = async (connection: Connection, error: unknown): Promise<unknown> => {
  if (!(error instanceof AgentdError) || (error.tag !== "MethodNotFound" && error.tag !== "InvalidParams")) return error
  try {
    await connection.request(
      "hello",
      { protocol: { min: PROTOCOL_MIN, max: PROTOCOL_MAX } },
      { timeoutMs: timeoutFor("hello") }
    )
    return error
  } catch (other) {
    return other instanceof AgentdError && other.tag === "ProtocolVersion" ? other : error
  }
}
