/**
 * What a session is typed: to its terminal, or to the pipe that is its standard input; by whom, and when last.
 */
import type { HandedInput, HandedSession } from "../../contract/Handover.ts"
import { MAX_INPUT_BACKLOG } from "../../contract/Limits.ts"
import type { InputPipe } from "../../host/pty/InputPipe.ts"
import type { Pending, WriteNotes } from "../../host/pty/PtyInput.ts"
import type { PtyMaster } from "../../host/pty/PtyMaster.ts"
import { type Attached, handedInput, handedTypists } from "../input/HandedInput.ts"
import { lineBegun } from "../input/lineBegun.ts"
import { type Typed, typedIn } from "../input/Typed.ts"
import { notesOf } from "../input/Typing.ts"
import { type Typist, type Typists, typistWith } from "../input/Typists.ts"

/** What a terminal sends for the end of input (termios(3), VEOF). */
const END_OF_FILE = Buffer.from([0x04])

interface Sinks {
  readonly master: Pick<PtyMaster, "write" | "backlog">
  /** Instead of the terminal, until it is ended. */
  readonly stdin: InputPipe | null
}

export class SessionInput {
  readonly typists: Typists
  /** Clients of the daemon's version before this one, by token or name, until they are attached again. */
  readonly typistsBefore = new Map<string, Typist>()
  /** Told of what is typed. */
  onTyped: ((typed: Typed) => void) | null = null
  /** When something was last typed, and whether it was not sent off with Enter. */
  typedAt: number
  begun = false
  readonly #sinks: Sinks
  readonly #now: () => number
  readonly #onRoom: () => void

  /** `onRoom` is told when the program has taken enough for more to be typed. */
  constructor(sinks: Sinks, typists: Typists, now: () => number, onRoom: () => void) {
    this.#sinks = sinks
    this.typists = typists
    this.#now = now
    this.#onRoom = onRoom
    // Nobody knows what was typed before a daemon that was killed: it counts as having just been.
    this.typedAt = now()
  }

  /** False when the program has not taken what it was sent before; `taken` runs when the kernel has these bytes. */
  write(bytes: Uint8Array, taken: () => void = () => {}, notes?: WriteNotes): boolean {
    const { master, stdin } = this.#sinks
    const sink = stdin !== null && !stdin.ended ? stdin : master
    const onTaken = () => {
      taken()
      if (sink.backlog() < MAX_INPUT_BACKLOG / 2) this.#onRoom()
    }
    this.typedAt = this.#now()
    this.begun = lineBegun(this.begun, bytes)
    sink.write(bytes, onTaken, notes)
    // Afterwards: while others think about it the program has it.
    this.onTyped?.(typedIn(bytes))
    return sink.backlog() < MAX_INPUT_BACKLOG
  }

  /** Bytes the program has not taken. */
  get backlog(): number {
    return this.#sinks.master.backlog() + (this.#sinks.stdin?.backlog() ?? 0)
  }

  end(): void {
    const { master, stdin } = this.#sinks
    if (stdin !== null) stdin.end()
    else master.write(END_OF_FILE)
  }

  /** For the daemon's next version; `pending` is what the terminal's program has not taken. */
  handOver(
    pending: ReadonlyArray<Pending>,
    attached: ReadonlyArray<Attached>
  ): Pick<HandedSession, "typing" | "input" | "stdin" | "typists"> {
    const typists = handedTypists(this.typists, attached)
    const handed = (one: Pending) => handedInput(one, typists.keys)
    const pipe = this.#sinks.stdin?.handOver() ?? null
    return {
      typing: { at: this.typedAt, begun: this.begun },
      input: pending.map(handed),
      stdin:
        pipe === null ? null : { fd: pipe.fd, path: pipe.path, ended: pipe.ended, input: pipe.pending.map(handed) },
      typists: typists.handed
    }
  }

  /** Goes on as under the version before. */
  restore({ input, stdin, typing, typists }: HandedSession): void {
    const { master } = this.#sinks
    const pipe = this.#sinks.stdin
    this.typedAt = typing?.at ?? this.typedAt
    this.begun = typing?.begun ?? false
    for (const { key, received, row } of typists.known) {
      const typist = row === null ? this.typists.of(key, this.#now()) : typistWith(row)
      typist.received = received
      this.typistsBefore.set(key, typist)
    }
    for (const piece of input) this.#rewrite(master, piece)
    for (const piece of stdin?.input ?? []) this.#rewrite(pipe ?? master, piece)
    if (stdin?.ended === true) pipe?.end()
  }

  /** Input that the version before had accepted. */
  #rewrite(sink: Pick<InputPipe, "write">, { bytes, length, sequence, typist, written }: HandedInput): void {
    const known = typist === null ? undefined : this.typistsBefore.get(typist)
    if (known === undefined) return sink.write(bytes)
    const notes = notesOf(known, { typist: known, sequence, length, skipped: written })
    sink.write(bytes, () => known.taken < sequence && known.wrote(sequence, length, length), notes)
  }
}
