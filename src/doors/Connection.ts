/**
 * One client's connection: lines in, answers out, and after `session.attach` frames both ways.
 *
 *   lines (Lines.ts) ──session.attach──▶ turning ──answered──▶ frames (Attached.ts) ──over──▶ lines
 *
 * Bytes are handled where they arrive; only requests run as Effects (see Dispatcher.ts).
 */
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { Effect, Exit, Scope } from "effect"
import { Conflict } from "../contract/errors/Errors.ts"
import type { Begin, Caller, Peer } from "../contract/Handler.ts"
import type { HandedConnection } from "../contract/Handover.ts"
import { descriptorOf, unsentBytes } from "../host/sockets/SocketDescriptor.ts"
import { notification } from "../wire/JsonRpc.ts"
import { Attached } from "./Attached.ts"
import { ClientStream } from "./ClientStream.ts"
import type { Dispatcher } from "./Dispatcher.ts"
import { Lines } from "./Lines.ts"
import { Outgoing } from "./Outgoing.ts"

/** A connection that the version before had, and its attachment begun anew. */
interface Restored {
  readonly handed: HandedConnection
  readonly begin: Begin | null
}

export class Connection {
  readonly caller: Caller
  readonly #socket: Duplex
  readonly #stream: ClientStream
  readonly #dispatcher: Dispatcher["Service"]
  readonly #scope: Scope.Closeable
  readonly #onClosed: () => void
  readonly #lines: Lines
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

  constructor(
    socket: Duplex,
    peer: Peer,
    dispatcher: Dispatcher["Service"],
    onClosed: () => void,
    restored?: Restored
  ) {
    this.#socket = socket
    this.#stream = new ClientStream(socket)
    this.#out = new Outgoing(this.#stream)
    this.#dispatcher = dispatcher
    this.#onClosed = onClosed
    this.#scope = Scope.makeUnsafe()
    this.caller = {
      peer,
      scope: this.#scope,
      again: false,
      positions: new Map(),
      notify: (method, params, sent) => this.#notify(notification(method, params), sent),
      upgrade: (begin) => this.#upgrade(begin)
    }
    this.#lines = new Lines(
      {
        caller: this.caller,
        out: this.#out,
        readsOn: () => !this.#turning && !this.#out.full && this.#attached === null,
        later: (answered) => this.#later(answered),
        onAttach: () => {
          this.#turning = true
        },
        onAttached: (succeeded) => this.#turned(succeeded)
      },
      dispatcher,
      restored?.handed.discarding
    )
    socket.on("data", (chunk: Buffer) => this.#guard(() => (this.#stopped ? this.#keep(chunk) : this.#read(chunk))))
    socket.on("drain", () => this.#guard(() => this.#drained()))
    socket.on("end", () => this.#halfClosed())
    socket.on("error", () => socket.destroy())
    socket.on("close", () => this.#close())
    if (restored !== undefined) this.#guard(() => this.#restore(restored))
  }

  /** The client has something to come: an answer, the end of its session, or bytes it has not taken. */
  get busy(): boolean {
    return this.#lines.unanswered > 0 || this.#attached?.busy === true || this.#socket.writableLength > 0
  }

  /** Ends an attachment, if there is one. */
  detach(reason: string): void {
    this.#attached?.leave(reason)
  }

  /** Takes no more requests, or takes them again. */
  stopReading(stop = true): void {
    this.#stopped = stop
    if (stop) this.#socket.pause()
    else this.#guard(() => this.#readOn())
  }

  /** A request is under way that must be answered before the daemon's next version takes over. */
  get unsettled(): boolean {
    return this.#turning || this.#lines.unsettled
  }

  /** For the daemon's next version, at once and for the last time; null when it is gone. */
  handOver(): HandedConnection | null {
    const socket = this.#socket as Socket
    const fd = descriptorOf(socket)
    if (this.#closed || socket.destroyed || fd < 0) return null
    this.#out.flush()
    // What Node has read since it was stopped comes as an event, and is kept.
    socket.read()
    const begun = this.#attached?.begun ?? this.#lines.begun
    return {
      fd,
      incoming: this.#waiting === null ? begun : Buffer.concat([begun, this.#waiting]),
      outgoing: this.#stream.last(unsentBytes(socket)),
      closing: socket.writableEnded,
      ...this.#lines.handOver(),
      subscriptions: [...this.caller.positions].map(([subscription, position]) => ({ subscription, ...position })),
      frames: this.#attached?.handOver() ?? null
    }
  }

  /** Goes on where the version before has left it. */
  #restore({ begin, handed }: Restored): void {
    const { closing, frames, incoming, outgoing, requests } = handed
    if (outgoing.length > 0) this.#stream.write(outgoing)
    if (closing) {
      this.#socket.end()
      return
    }
    if (frames !== null) {
      this.#attached = new Attached(begin, this.#stream, (held) => this.#hold(held), frames.told)
    }
    this.#lines.restore(requests)
    if (incoming.length > 0) this.#keep(Buffer.from(incoming))
    this.#flush()
    this.#readOn()
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
        this.#keep(rest)
        this.#socket.pause()
        rest = null
      } else if (this.#attached !== null) {
        rest = this.#attached.read(rest)
        if (rest !== null) this.#detached()
      } else {
        rest = this.#lines.read(rest)
      }
    }
    this.#flush()
  }

  #keep(bytes: Buffer): void {
    this.#waiting = this.#waiting === null ? Buffer.from(bytes) : Buffer.concat([this.#waiting, bytes])
  }

  /** An answer that was not there at once. */
  #later(answered: () => void): void {
    this.#guard(() => {
      answered()
      this.#flush()
      this.#endIfDone()
    })
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
  #notify(text: string, sent?: () => void): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      this.#out.notify(
        text,
        () => this.#attached === null && !this.#turning,
        () => resume(Effect.void),
        sent
      )
    })
  }

  #upgrade(begin: Begin): Effect.Effect<void, Conflict> {
    return Effect.suspend(() => {
      if (this.#lines.unanswered > 1 || !this.#turning) {
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
      this.#attached = new Attached(begin, this.#stream, (held) => this.#hold(held))
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

  /**
   * The client sends nothing more but may still read: `echo '…' | nc -N` must get its answers. One that is gone altogether looks the same,
   * until something is written, and be it nothing: the kernel refuses that (EPIPE), and what it waits for need not be waited for.
   */
  #halfClosed(): void {
    this.#ended = true
    if (this.#attached !== null) this.#socket.end()
    this.#endIfDone()
    if (!this.#socket.writableEnded) this.#socket.write("")
  }

  #endIfDone(): void {
    if (!this.#ended || this.#lines.unanswered > 0 || this.#attached !== null) return
    this.#flush()
    this.#socket.end()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#attached?.release()
    this.#lines.close()
    this.#out.proceed()
    Effect.runFork(Scope.close(this.#scope, Exit.void))
    this.#onClosed()
  }
}
