/**
 * A session that runs: its terminal, its recent output, who is attached, and what happens to each byte.
 *
 *   PTY master → chunk → transcript, ring → attached clients (each at its own cursor), waiting requests
 *
 * The path of a chunk is plain synchronous code, because it runs tens of thousands of times a second.
 */
import { Deferred, Effect } from "effect"
import type { HandedSession } from "../../contract/Handover.ts"
import type { SessionExit } from "../../contract/session/Session.ts"
import type { InputPipe } from "../../host/pty/InputPipe.ts"
import { Clients } from "../attachment/Clients.ts"
import type { Typists } from "../input/Typists.ts"
import { exitOf } from "../launching/Exits.ts"
import type { Launched } from "../launching/Launcher.ts"
import type { Refreshed } from "./Refreshed.ts"
import type { Ring } from "./Ring.ts"
import { SessionInput } from "./SessionInput.ts"

/** After its program's end a session waits so long for the last output, each time some more of it comes … */
const QUIET_MS = 100
/** … and so often at the most: a process left in the background may print for ever. */
const QUIET_ROUNDS = 20

/** Where output is recorded, as far as the path of a chunk goes. */
export interface Recorder {
  /** Copies the chunk; never throws and never waits. */
  append(chunk: Buffer, atMs: number): void
  resize(cols: number, rows: number, atMs: number): void
}

export interface LiveOptions {
  readonly id: string
  readonly launched: Launched
  readonly recorder: Recorder
  readonly ring: Ring
  readonly stdin: InputPipe | null
  readonly typists: Typists
  readonly cols: number
  readonly rows: number
  /** When its time is up, in milliseconds since 1970; null: it has a time without end. */
  readonly deadline: number | null
  readonly now: () => number
}

export interface Ending {
  readonly by: SessionExit["by"]
  readonly took: Deferred.Deferred<"term" | "kill">
  /** Nobody wanted this session to end: the machine, or what the daemon runs under, is going down. */
  readonly interrupted: boolean
  /** Milliseconds since 1970 until which it may go by itself. */
  readonly until: number
}

const handedEnding = (ending: Ending | null): HandedSession["ending"] =>
  ending === null ? null : { by: ending.by, interrupted: ending.interrupted, until: ending.until }

/** Completes once the event loop has read what is there to read. */
const looked = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

export class LiveSession {
  readonly id: string
  readonly launched: Launched
  readonly input: SessionInput
  /** Completes when the program has ended and every byte of its output is here. */
  readonly done = Deferred.makeUnsafe<SessionExit>()
  readonly clients: Clients = new Clients(this)
  /** Variables that follow whoever is attached; made for the first who says any. */
  refreshed: Refreshed | null = null
  /** Set by whoever ends it, before its process is told. */
  ending: Ending | null = null
  /** Set once the program has ended and all its output is here; `done` follows when that is recorded. */
  exit: SessionExit | null = null
  finished = false
  activeAt: number
  cols: number
  rows: number
  /** Offset at which it got its size: what was printed before was meant for another one. */
  sizedAt = 0
  readonly #ring: Ring
  readonly #recorder: Recorder
  readonly #deadline: number | null
  readonly #now: () => number
  readonly #closed = Deferred.makeUnsafe<void>()
  #draining = false
  #held = false
  #frozen = false
  #listeners = new Set<() => void>()

  constructor(options: LiveOptions) {
    this.id = options.id
    this.launched = options.launched
    this.cols = options.cols
    this.rows = options.rows
    this.#recorder = options.recorder
    this.#ring = options.ring
    this.#deadline = options.deadline
    this.#now = options.now
    this.activeAt = options.now()
    this.input = new SessionInput(
      { master: options.launched.master, stdin: options.stdin },
      options.typists,
      options.now,
      () => {
        for (const { attachment } of this.clients.attached.values()) attachment.resumed()
      }
    )
    options.launched.master.start(
      (chunk) => this.#take(chunk),
      () => Deferred.doneUnsafe(this.#closed, Effect.void)
    )
  }

  get start(): number {
    return this.#ring.start
  }

  get end(): number {
    return this.#ring.end
  }

  /** Valid until more is printed. */
  recent(offset: number, limit: number): readonly [Buffer, Buffer] {
    return this.#ring.view(offset, limit)
  }

  /** Calls `listener` once, at the next output or at the end. */
  once(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Completes at the next output or at the end. */
  get changed(): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const forget = this.once(() => resume(Effect.void))
      return Effect.sync(forget)
    })
  }

  /** True when the size really changed. */
  resize(cols: number, rows: number): boolean {
    if (cols === this.cols && rows === this.rows) return false
    this.cols = cols
    this.rows = rows
    this.sizedAt = this.end
    this.#recorder.resize(cols, rows, this.#now())
    this.launched.master.resize(cols, rows)
    for (const { attachment } of this.clients.attached.values()) attachment.resized(cols, rows)
    return true
  }

  /** The recorder cannot keep up, or a full disk is configured to hold the program back: it waits until there is room. */
  hold(held: boolean): void {
    this.#held = held
    if (this.#frozen) return
    if (held && !this.#draining) this.launched.master.pause()
    else this.launched.master.resume()
  }

  /** Its output stays with the kernel, for the daemon's next version; or is read on, because there is none. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen
    if (frozen) this.launched.master.pause()
    else this.hold(this.#held)
  }

  /** Its program has ended, and that is being recorded: a moment in which it cannot be handed over. */
  get leaving(): boolean {
    if (this.exit !== null) return true
    // One that is being stopped may leave others behind that are waited for.
    return this.launched.collected?.() != null && this.ending === null
  }

  /** For the daemon's next version; what has been recorded up to `recorded` need not be told. Null when it has no terminal any more. */
  handOver(recorded: number, unrecorded: number): HandedSession | null {
    const terminal = this.launched.master.handOver()
    if (terminal === null) return null
    const { pending, ...descriptors } = terminal
    const offset = Math.max(this.start, Math.min(recorded, this.end))
    return {
      ...descriptors,
      id: this.id,
      pid: this.launched.pid,
      startTime: this.launched.startTime,
      ended: this.launched.collected?.() ?? null,
      ending: handedEnding(this.ending),
      cols: this.cols,
      rows: this.rows,
      sizedAt: this.sizedAt,
      policy: this.clients.policy,
      activeAt: this.activeAt,
      unrecorded,
      offset,
      recent: this.#ring.read(offset, this.end - offset),
      ...this.input.handOver(pending, [...this.clients.attached.values()])
    }
  }

  /** Goes on as the session it was under the version before. */
  restore(handed: HandedSession): void {
    this.clients.policy = handed.policy
    this.activeAt = handed.activeAt
    this.sizedAt = handed.sizedAt
    this.input.restore(handed)
  }

  /** Waits for the program's end and for the rest of its output, then closes the terminal. */
  awaitEnd = Effect.fnUntraced(function* (this: LiveSession) {
    const ended = yield* this.launched.ended
    const { ending } = this
    // What is left is little, and nobody writes more: held back now it would be lost.
    this.#draining = true
    this.launched.master.resume()
    for (let round = 0; round < QUIET_ROUNDS && !Deferred.isDoneUnsafe(this.#closed); round++) {
      const before = this.end
      yield* Effect.raceFirst(Deferred.await(this.#closed), Effect.sleep(QUIET_MS))
      // On a busy machine the time may be over before the event loop has looked at the terminal even once.
      yield* looked
      if (this.end === before) break
    }
    this.launched.master.close()
    // A stop that came after the program's own end did not end it.
    const took = ending === null ? null : yield* Deferred.await(ending.took)
    this.exit = exitOf(ended, { by: ending?.by ?? null, took, at: this.#now(), deadline: this.#deadline })
    return this.exit
  })

  /** Tells everybody that waits that the end is recorded. */
  finish(exit: SessionExit): void {
    this.finished = true
    Deferred.doneUnsafe(this.done, Effect.succeed(exit))
    this.#wake()
  }

  #take(chunk: Buffer): void {
    this.activeAt = this.#now()
    // Recorded before anybody is told: a client that has fallen behind reads there, and would wait for a word that has passed.
    this.#recorder.append(chunk, this.activeAt)
    this.#ring.push(chunk)
    for (const { attachment } of this.clients.attached.values()) attachment.printed()
    this.#tell()
  }

  #wake(): void {
    for (const { attachment } of this.clients.attached.values()) attachment.wake()
    this.#tell()
  }

  #tell(): void {
    if (this.#listeners.size === 0) return
    const listeners = this.#listeners
    this.#listeners = new Set()
    for (const listener of listeners) listener()
  }
}
