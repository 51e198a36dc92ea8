/**
 * One client's connection: lines in, answers out, and after `session.attach` frames both ways.
 *
 *   lines ──session.attach──▶ turning ──answered──▶ frames (Attached.ts) ──over──▶ lines
 *
 * Bytes are handled where they arrive; only requests run as Effects (see Dispatcher.ts).
 */
import type { Duplex } from "node:stream"
import { Effect, Exit, Scope } from "effect"
import { Conflict, TooLarge } from "../contract/Errors.ts"
import type { Caller, Peer } from "../contract/Handler.ts"
import { MAX_LINE_BYTES } from "../contract/Limits.ts"
import { failure, type Incoming, notification, parse } from "../wire/JsonRpc.ts"
import { LineSplitter, TOO_LONG } from "../wire/LineSplitter.ts"
import { Attached, type Begin } from "./Attached.ts"
import { runBatch } from "./Batch.ts"
import { type Dispatcher, toErrorObject } from "./Dispatcher.ts"
import { InFlight } from "./InFlight.ts"
import { Outgoing } from "./Outgoing.ts"

export class Connection {
  readonly #socket: Duplex
  readonly #dispatcher: Dispatcher["Service"]
  readonly #scope: Scope.Closeable
  readonly #onClosed: () => void
  readonly #lines = new LineSplitter(MAX_LINE_BYTES)
  readonly #requests: InFlight
  readonly #out: Outgoing
  #attached: Attached | null = null
  /** `session.attach` is being answered. */
  #turning = false
  #begin: Begin | null = null
  /** The client sends nothing more. */
  #ended = false
  /** Nothing more is taken from it. */
  #stopped = false
  /** The attachment has no room for input. */
  #held = false
  #closed = false
  /** Read from the socket, and to be looked at later. */
  #waiting: Buffer | null = null

  constructor(socket: Duplex, peer: Peer, dispatcher: Dispatcher["Service"], onClosed: () => void) {
    this.#socket = socket
    this.#out = new Outgoing(socket)
    this.#dispatcher = dispatcher
    this.#onClosed = onClosed
    this.#scope = Scope.makeUnsafe()
    const caller: Caller = {
      peer,
      scope: this.#scope,
      notify: (method, params) => this.#notify(notification(method, params)),
      upgrade: (begin) => this.#upgrade(begin)
    }
    this.#requests = new InFlight(dispatcher, caller, (answered) => this.#later(answered))
    socket.on("data", (chunk: Buffer) => this.#guard(() => this.#read(chunk)))
    socket.on("drain", () => this.#guard(() => this.#drained()))
    socket.on("end", () => this.#halfClosed())
    socket.on("error", () => socket.destroy())
    socket.on("close", () => this.#close())
  }

  /** The client has something to come: an answer, the end of its session, or bytes it has not taken. */
  get busy(): boolean {
    return this.#requests.count > 0 || this.#attached?.busy === true || this.#socket.writableLength > 0
  }

  /** Ends an attachment, if there is one. */
  detach(reason: string): void {
    this.#attached?.leave(reason)
  }

  /** Takes no more requests. */
  stopReading(): void {
    this.#stopped = true
    this.#socket.pause()
  }

  /** Lets what was written reach the client, then closes. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** A fault of ours costs this connection, not the daemon and everybody's sessions. */
  #guard(act: () => void): void {
    try {
      act()
    } catch (cause) {
      this.#dispatcher.fault(cause)
      this.#socket.destroy()
    }
  }

  #read(chunk: Buffer): void {
    let rest: Buffer | null = chunk
    // Each step consumes what belongs to one mode and hands back what belongs to the next.
    while (rest !== null && rest.length > 0 && !this.#closed && !this.#socket.writableEnded) {
      if (this.#turning || this.#out.full) {
        // What follows `session.attach` is frames if it succeeds, lines if not; what follows unread answers can wait.
        this.#waiting = this.#waiting === null ? Buffer.from(rest) : Buffer.concat([this.#waiting, rest])
        this.#socket.pause()
        rest = null
      } else if (this.#attached !== null) {
        rest = this.#attached.read(rest)
        if (rest !== null) this.#detached()
      } else {
        rest = this.#lines.push(rest, (line) => this.#readLine(line))
      }
    }
    this.#flush()
  }

  #readLine(line: string | typeof TOO_LONG): boolean {
    if (line === TOO_LONG) {
      this.#write(failure(null, toErrorObject(new TooLarge({ what: "A request line", limit: MAX_LINE_BYTES }))))
      return true
    }
    // Blank lines between messages are harmless: people type into `nc`.
    if (line === "" || line === "\r") return true
    const message = parse(line)
    const write = (answer: string | null) => this.#write(answer)
    if (message.kind === "batch") runBatch(message.items, (item, done) => this.#requests.run(item, done), write)
    else if (message.item.kind === "request" && message.item.method === "session.attach") this.#attach(message.item)
    else this.#requests.run(message.item, write)
    return !this.#turning && !this.#out.full && this.#attached === null
  }

  #attach(item: Incoming): void {
    this.#turning = true
    this.#requests.run(item, (answer, succeeded) => {
      this.#write(answer)
      this.#turned(succeeded)
    })
  }

  /** An answer that was not there at once. */
  #later(answered: () => void): void {
    this.#guard(() => {
      answered()
      this.#flush()
      this.#endIfDone()
    })
  }

  #write(answer: string | null): void {
    if (answer !== null && !this.#closed) this.#out.add(answer)
  }

  #flush(): void {
    this.#out.flush()
    if (this.#out.full) this.#socket.pause()
  }

  #drained(): void {
    this.#readOn()
    this.#out.proceed()
    this.#attached?.drained()
  }

  /** Reads what has waited, and then what comes, unless something still speaks against it. */
  #readOn(): void {
    if (this.#stopped || this.#held || this.#turning || this.#out.full) return
    this.#socket.resume()
    const rest = this.#waiting
    this.#waiting = null
    if (rest !== null) this.#read(rest)
  }

  /** During an attachment the connection carries frames: a notification waits for the lines to come back. */
  #notify(text: string): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      this.#out.notify(
        text,
        () => this.#attached === null && !this.#turning,
        () => resume(Effect.void)
      )
    })
  }

  #upgrade(begin: Begin): Effect.Effect<void, Conflict> {
    return Effect.suspend(() => {
      if (this.#requests.count > 1 || !this.#turning) {
        return Effect.fail(
          new Conflict({
            reason: "Other requests of this connection are unanswered. Attach on a connection of its own."
          })
        )
      }
      this.#begin = begin
      return Effect.void
    })
  }

  /** The answer to `session.attach` is written; the connection changes hands. */
  #turned(succeeded: boolean): void {
    const begin = this.#begin
    this.#begin = null
    this.#flush()
    if (begin !== null && succeeded) {
      this.#attached = new Attached(begin, this.#socket, (held) => this.#hold(held))
      if (this.#ended) this.#socket.end()
    }
    this.#turning = false
    this.#readOn()
  }

  #hold(held: boolean): void {
    this.#held = held
    if (held) this.#socket.pause()
    else this.#readOn()
  }

  #detached(): void {
    this.#attached = null
    this.#hold(false)
    this.#out.proceed()
  }

  /** The client sends nothing more but may still read: `echo '…' | nc -N` must get its answers. */
  #halfClosed(): void {
    this.#ended = true
    if (this.#attached !== null) this.#socket.end()
    this.#endIfDone()
  }

  #endIfDone(): void {
    if (!this.#ended || this.#requests.count > 0 || this.#attached !== null) return
    this.#flush()
    this.#socket.end()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#attached?.release()
    this.#requests.cancel()
    this.#out.proceed()
    Effect.runFork(Scope.close(this.#scope, Exit.void))
    this.#onClosed()
  }
}
