/**
 * Writes a program's input, to a PTY master or a FIFO, without ever making the event loop wait.
 *
 * Node's own streams cannot do that: for a master libuv falls back to blocking writes, which spin on EAGAIN until the
 * program reads, and hold up every other session meanwhile; and none of them tells how much of a write the kernel has. Nothing
 * tells when there is room again, so we look: soon after the last success, and rarely while a program does not read at all.
 */
import { writeSync } from "node:fs"

/** Milliseconds until the next look: doubles from the first to the second. A program that reads gets 4 KiB at each. */
const FIRST_LOOK_MS = 1
const LAST_LOOK_MS = 64

/** Told of each write(2): what is tried before it, and how many bytes of the piece the kernel has after it. */
export interface WriteNotes {
  readonly tries: (bytes: number) => void
  readonly wrote: (written: number) => void
  /** Which client's frame this is, and how much of it had been written before: for the daemon's next version. */
  readonly origin: Origin
}

export interface Origin {
  /** The client's own object, by which its session knows it. */
  readonly typist: object
  readonly sequence: number
  readonly length: number
  readonly skipped: number
}

/** Input the kernel has not taken. */
export interface Pending {
  readonly bytes: Uint8Array
  readonly written: number
  readonly origin: Origin | null
}

interface Piece {
  readonly bytes: Uint8Array
  readonly onTaken: (() => void) | undefined
  readonly notes: WriteNotes | undefined
}

/** Bytes of one write that is noted. A terminal takes hardly more at a time, and this is what a kill in its middle leaves unknown. */
const NOTED_BYTES = 4096

export class PtyInput {
  readonly #fd: number
  #queue: Array<Piece> = []
  /** Bytes of the first piece that are written. */
  #written = 0
  #backlog = 0
  #delay = FIRST_LOOK_MS
  #timer: NodeJS.Timeout | null = null
  #closed = false

  /** `fd` must not block, and must not be closed before `close` was called here. */
  constructor(fd: number) {
    this.#fd = fd
  }

  get backlog(): number {
    return this.#backlog
  }

  get pending(): ReadonlyArray<Pending> {
    return this.#queue.map(({ bytes, notes }, at) => {
      const written = at === 0 ? this.#written : 0
      return { bytes: bytes.subarray(written), written, origin: notes?.origin ?? null }
    })
  }

  write(bytes: Uint8Array, onTaken?: () => void, notes?: WriteNotes): void {
    if (this.#closed) return
    this.#queue.push({ bytes, onTaken, notes })
    this.#backlog += bytes.length
    if (this.#timer === null) this.#flush()
  }

  /** The program has just printed something, so it may have read something too. */
  look(): void {
    if (this.#timer !== null) this.#flush()
  }

  close(): void {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#queue = []
    this.#backlog = 0
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    while (this.#queue.length > 0) {
      const { bytes, notes, onTaken } = this.#queue[0]!
      const taken = bytes.length === 0 ? 0 : this.#try(bytes, notes)
      if (taken === null) return
      this.#written += taken
      this.#backlog -= taken
      notes?.wrote(this.#written)
      if (this.#written < bytes.length) continue
      this.#queue.shift()
      this.#written = 0
      onTaken?.()
    }
  }

  /** Bytes the kernel took; null when it takes none now, or none any more. */
  #try(bytes: Uint8Array, notes: WriteNotes | undefined): number | null {
    const length = Math.min(bytes.length - this.#written, notes === undefined ? bytes.length : NOTED_BYTES)
    try {
      notes?.tries(length)
      const taken = writeSync(this.#fd, bytes, this.#written, length)
      this.#delay = FIRST_LOOK_MS
      return taken
    } catch (cause) {
      notes?.tries(0)
      if ((cause as NodeJS.ErrnoException).code === "EAGAIN") {
        this.#timer = setTimeout(() => this.#flush(), this.#delay)
        this.#delay = Math.min(this.#delay * 2, LAST_LOOK_MS)
      } else this.close()
      return null
    }
  }
}
