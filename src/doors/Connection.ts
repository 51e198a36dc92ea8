/**
 * One client's connection: lines in, answers out, and after `session.attach` frames both ways.
 *
 *   lines ──attach answered──▶ frames ──Detach sent──▶ leaving ──Detach received──▶ lines
 *
 * Bytes are handled where they arrive; only requests run as Effects (see Dispatcher.ts).
 */
import type { Duplex } from "node:stream"
import { Effect, Exit, Scope } from "effect"
import { type AgentdError, Busy, Conflict, TooLarge } from "../contract/Errors.ts"
import { FrameType } from "../contract/Frames.ts"
import type { Caller, FrameChannel, FrameListener, Peer } from "../contract/Handler.ts"
import { MAX_IN_FLIGHT, MAX_LINE_BYTES } from "../contract/Limits.ts"
import { encodeFrame, FrameDecoder } from "../wire/FrameCodec.ts"
import { batch, failure, type Incoming, invalidRequest, notification, parse } from "../wire/JsonRpc.ts"
import { LineSplitter, TOO_LONG } from "../wire/LineSplitter.ts"
import { type Dispatcher, type Running, toErrorObject } from "./Dispatcher.ts"

/** Bytes of answers a client may leave unread before its requests are no longer read. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024

type Begin = (channel: FrameChannel) => FrameListener

export class Connection {
  readonly #socket: Duplex
  readonly #dispatcher: Dispatcher["Service"]
  readonly #caller: Caller
  readonly #scope: Scope.Closeable
  readonly #onClosed: () => void
  readonly #lines = new LineSplitter(MAX_LINE_BYTES)
  readonly #running = new Set<Running>()
  #frames: FrameDecoder | null = null
  #listener: FrameListener | null = null
  #leaving = false
  /** `session.attach` is being answered. */
  #turning = false
  #begin: Begin | null = null
  #inFlight = 0
  #ended = false
  #stopped = false
  /** The attachment's client knows that its session has ended. */
  #told = false
  /** The attachment has no room for input. */
  #held = false
  #closed = false
  #out: Array<string> = []
  #outLength = 0
  #waiting: Buffer | null = null
  #room: Array<() => void> = []

  constructor(socket: Duplex, peer: Peer, dispatcher: Dispatcher["Service"], onClosed: () => void) {
    this.#socket = socket
    this.#dispatcher = dispatcher
    this.#onClosed = onClosed
    this.#scope = Scope.makeUnsafe()
    this.#caller = {
      peer,
      scope: this.#scope,
      notify: (method, params) => this.#notify(notification(method, params)),
      upgrade: (begin) => this.#upgrade(begin)
    }
    socket.on("data", (chunk: Buffer) => this.#guard(() => this.#read(chunk)))
    socket.on("drain", () => this.#guard(() => this.#drained()))
    socket.on("end", () => this.#halfClosed())
    socket.on("error", () => socket.destroy())
    socket.on("close", () => this.#close())
  }

  /** Requests that have not been answered. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** The client has something to come: an answer, the end of its session, or bytes it has not taken. */
  get busy(): boolean {
    return this.#inFlight > 0 || (this.#listener !== null && !this.#told) || this.#socket.writableLength > 0
  }

  /** Ends an attachment, if there is one. */
  detach(reason: string): void {
    if (this.#listener !== null) this.#channel().detach(reason)
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
      if (this.#turning || this.#full) {
        // What follows `session.attach` is frames if it succeeds, lines if not; what follows unread answers can wait.
        this.#waiting = this.#waiting === null ? Buffer.from(rest) : Buffer.concat([this.#waiting, rest])
        this.#socket.pause()
        rest = null
      } else if (this.#frames !== null) {
        rest = this.#readFrames(this.#frames, rest)
      } else {
        rest = this.#lines.push(rest, (line) => this.#readLine(line))
      }
    }
    this.#flush()
    if (this.#full) this.#socket.pause()
  }

  /** The client does not read what it is sent. */
  get #full(): boolean {
    return this.#outLength + this.#socket.writableLength > MAX_UNREAD_BYTES
  }

  #readLine(line: string | typeof TOO_LONG): boolean {
    if (line === TOO_LONG) {
      this.#write(failure(null, toErrorObject(new TooLarge({ what: "A request line", limit: MAX_LINE_BYTES }))))
      return true
    }
    // Blank lines between messages are harmless: people type into `nc`.
    if (line === "" || line === "\r") return true
    const message = parse(line)
    if (message.kind === "batch") this.#runBatch(message.items)
    else if (message.item.kind === "request" && message.item.method === "session.attach") this.#attach(message.item)
    else this.#run(message.item, (answer) => this.#write(answer))
    return !this.#turning && !this.#full && this.#frames === null
  }

  #runBatch(items: ReadonlyArray<Incoming>): void {
    const answers = new Array<string | null>(items.length).fill(null)
    let open = items.length
    items.forEach((item, at) => {
      const done = (answer: string | null) => {
        answers[at] = answer
        open -= 1
        if (open === 0) this.#write(batch(answers.filter((text) => text !== null)))
      }
      if (item.kind !== "invalid" && item.method === "session.attach") {
        const id = item.kind === "request" ? item.id : null
        done(
          item.kind === "request" ? failure(id, invalidRequest('"session.attach" cannot be part of a batch.')) : null
        )
      } else this.#run(item, done)
    })
  }

  #attach(item: Incoming): void {
    this.#turning = true
    this.#run(item, (answer, succeeded) => {
      this.#write(answer)
      this.#turned(succeeded)
    })
  }

  #run(item: Incoming, done: (answer: string | null, succeeded: boolean) => void): void {
    // What is no request costs nothing and is told so, however much is under way.
    if (item.kind !== "invalid" && this.#inFlight >= MAX_IN_FLIGHT) {
      const busy = new Busy({ what: "requests of one connection at a time", limit: MAX_IN_FLIGHT })
      done(item.kind === "request" ? failure(item.id, toErrorObject(busy)) : null, false)
      return
    }
    this.#inFlight += 1
    let running: Running | null = null
    let finished = false
    running = this.#dispatcher.dispatch(item, this.#caller, (answer, succeeded) => {
      finished = true
      if (running !== null) this.#running.delete(running)
      this.#inFlight -= 1
      this.#guard(() => {
        done(answer, succeeded)
        if (running !== null) this.#flush()
        this.#endIfDone()
      })
    })
    if (running !== null && !finished) this.#running.add(running)
  }

  #write(answer: string | null): void {
    if (answer === null || this.#closed) return
    this.#out.push(answer)
    this.#outLength += answer.length
  }

  /** Answers of one turn travel in one write. */
  #flush(): void {
    if (this.#out.length === 0 || this.#closed) return
    const text = `${this.#out.join("\n")}\n`
    this.#out = []
    this.#outLength = 0
    this.#socket.write(text)
    if (this.#full) this.#socket.pause()
  }

  #drained(): void {
    this.#readOn()
    this.#proceed()
    this.#listener?.onDrain()
  }

  /** Reads what has waited, and then what comes, unless something still speaks against it. */
  #readOn(): void {
    if (this.#stopped || this.#held || this.#turning || this.#full) return
    this.#socket.resume()
    const rest = this.#waiting
    this.#waiting = null
    if (rest !== null) this.#read(rest)
  }

  #proceed(): void {
    const waiting = this.#room
    this.#room = []
    for (const proceed of waiting) proceed()
  }

  #notify(text: string): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const send = () => {
        if (this.#closed) return resume(Effect.void)
        // During an attachment the connection carries frames: the notification waits for the lines to come back.
        if (this.#frames !== null || this.#turning) return void this.#room.push(send)
        this.#write(text)
        this.#flush()
        if (this.#socket.writableNeedDrain) this.#room.push(() => resume(Effect.void))
        else resume(Effect.void)
      }
      send()
    })
  }

  #upgrade(begin: Begin): Effect.Effect<void, Conflict> {
    return Effect.suspend(() => {
      if (this.#inFlight > 1 || !this.#turning) {
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
    this.#turning = false
    this.#flush()
    if (begin !== null && succeeded) {
      this.#frames = new FrameDecoder()
      this.#leaving = false
      this.#told = false
      this.#listener = begin(this.#channel())
      if (this.#ended) this.#socket.end()
    }
    this.#readOn()
  }

  #channel(): FrameChannel {
    const listening = () => !this.#closed && this.#frames !== null && !this.#leaving
    return {
      send: (type, ...payload) => {
        if (!listening()) return
        this.#socket.write(encodeFrame(type, ...payload))
        if (type === FrameType.Exit) this.#told = true
      },
      queued: () => this.#socket.writableLength,
      pause: () => {
        this.#held = true
        this.#socket.pause()
      },
      resume: () => {
        this.#held = false
        this.#readOn()
      },
      detach: (reason) => {
        if (!listening()) return
        this.#socket.write(encodeFrame(FrameType.Detach, Buffer.from(reason)))
        this.#leaving = true
        this.#release()
        this.#held = false
        this.#readOn()
      },
      fail: (error) => this.#fail(error)
    }
  }

  #readFrames(decoder: FrameDecoder, chunk: Buffer): Buffer | null {
    try {
      return decoder.push(chunk, ({ type, payload }) => {
        if (type === FrameType.Detach) {
          if (!this.#leaving) this.#socket.write(encodeFrame(FrameType.Detach, Buffer.from("detached")))
          this.#release()
          this.#frames = null
          this.#leaving = false
          this.#held = false
          this.#readOn()
          this.#proceed()
          return false
        }
        if (type === FrameType.Ping && !this.#leaving) {
          this.#socket.write(encodeFrame(FrameType.Pong, payload.subarray(0, 64)))
        } else if (!this.#leaving) this.#listener?.onFrame(type as FrameType, payload)
        return true
      })
    } catch (cause) {
      this.#fail(new Conflict({ reason: `Protocol error: ${cause instanceof Error ? cause.message : cause}.` }))
      return null
    }
  }

  #fail(error: AgentdError): void {
    if (this.#closed || this.#frames === null) return
    const text = Buffer.from(JSON.stringify(toErrorObject(error)))
    // Closed altogether once that has left: whoever broke the protocol need not close its side, and would keep its place.
    this.#socket.end(encodeFrame(FrameType.Error, text), () => this.#socket.destroy())
    this.#leaving = true
    this.#release()
  }

  #release(): void {
    const listener = this.#listener
    this.#listener = null
    listener?.onClose()
  }

  /** The client sends nothing more but may still read: `echo '…' | nc -N` must get its answers. */
  #halfClosed(): void {
    this.#ended = true
    if (this.#frames !== null) this.#socket.end()
    this.#endIfDone()
  }

  #endIfDone(): void {
    if (!this.#ended || this.#inFlight > 0 || this.#frames !== null) return
    this.#flush()
    this.#socket.end()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#release()
    for (const running of this.#running) running.cancel()
    this.#proceed()
    Effect.runFork(Scope.close(this.#scope, Exit.void))
    this.#onClosed()
  }
}
