/**
 * The input frames of one attachment: each is taken once however often it comes, and acknowledged when the terminal has it.
 */
import type { Origin, WriteNotes } from "../../host/pty/PtyInput.ts"
import type { Typist } from "./Typists.ts"

/**
 * Input of at most this size is acknowledged within so long, all of it at once: nobody waits for that, and a write for each
 * keystroke would come before its echo and cost it a fifth of its time. Not sooner, because the kernel arms a timer that is
 * nearer than its own tick each time the daemon sleeps.
 */
const KEYSTROKE_BYTES = 64
const ACK_MS = 20

/** Takes typed bytes, or answers `false` when there is no room: the client is then not read until it is resumed. */
export type TakeInput = (bytes: Buffer, taken: () => void, notes: WriteNotes) => boolean

export class Typing {
  readonly #typist: Typist
  readonly #take: TakeInput
  readonly #send: (sequence: number) => void
  readonly #onTaken: Typist["onTaken"]
  #acknowledged: number
  #timer: NodeJS.Timeout | null = null

  /** `send` sends an acknowledgement; all up to `acknowledged` have been. */
  constructor(typist: Typist, take: TakeInput, send: (sequence: number) => void, acknowledged = typist.taken) {
    this.#typist = typist
    this.#take = take
    this.#send = send
    this.#acknowledged = acknowledged
    this.#onTaken = (_, length) => {
      if (length > KEYSTROKE_BYTES) this.acknowledge()
      else this.#timer ??= setTimeout(() => this.acknowledge(), ACK_MS)
    }
    typist.attached += 1
    typist.onTaken = this.#onTaken
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  /** False when there is no room for more. What was taken before is acknowledged again: the client came back and could not know. */
  frame(sequence: number, bytes: Buffer): boolean {
    const typist = this.#typist
    if (sequence <= typist.received) {
      this.#send(typist.taken)
      return true
    }
    // An earlier daemon may have been killed in the middle of this frame: what it had typed is not typed again.
    const skipped = typist.received === typist.taken && sequence === typist.taken + 1 ? typist.partly : 0
    typist.received = sequence
    const { length } = bytes
    return this.#take(
      Buffer.from(bytes.subarray(skipped)),
      () => {
        if (typist.taken < sequence) typist.wrote(sequence, length, length)
      },
      notesOf(typist, { typist, sequence, length, skipped })
    )
  }

  acknowledge(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const { taken } = this.#typist
    if (taken === this.#acknowledged) return
    this.#acknowledged = taken
    this.#send(taken)
  }

  close(): void {
    this.acknowledge()
    this.#typist.attached -= 1
    if (this.#typist.onTaken === this.#onTaken) this.#typist.onTaken = () => {}
  }
}

/** What the client's numbers say while a frame of its is written. */
export const notesOf = (typist: Typist, origin: Origin): WriteNotes => {
  const { length, sequence, skipped } = origin
  return {
    tries: typist.tries,
    wrote: (written) => typist.wrote(sequence, Math.min(length, skipped + written), length),
    origin
  }
}
