/**
 * Decides when the owner of a transcript should stop reading the program's output for a while.
 *
 * A disk that is merely slow may always hold the program, for a moment; one that refuses writes, only if that was asked
 * for. A disk that takes nothing for two seconds counts as one that refuses.
 */

/** Milliseconds a slow disk may hold the program before it is treated like a full one. */
const STALL_MS = 2_000

export interface Waterline {
  /** Waiting bytes at which the owner is asked to pause, and at which it may go on. */
  readonly high: number
  readonly low: number
}

export class Pressure {
  /** The owner should not read more for now. */
  on = false
  readonly #waterline: Waterline
  readonly #holds: boolean
  readonly #tell: (hold: boolean) => void
  #stalled = false
  #timer: NodeJS.Timeout | null = null

  constructor(waterline: Waterline, holds: boolean, tell: (hold: boolean) => void = () => {}) {
    this.#waterline = waterline
    this.#holds = holds
    this.#tell = tell
  }

  /** Bytes wait, and the disk is known to take them (`healthy`) or not. */
  update(waiting: number, healthy: boolean): void {
    const much = waiting >= (this.on ? this.#waterline.low : this.#waterline.high)
    const on = much && (this.#holds || (healthy && !this.#stalled))
    if (on === this.on) return
    this.on = on
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = on && !this.#holds ? setTimeout(() => this.#stall(waiting), STALL_MS) : null
    this.#tell(on)
  }

  /** The disk has taken something. */
  progress(): void {
    this.#stalled = false
    this.#timer?.refresh()
  }

  #stall(waiting: number): void {
    this.#stalled = true
    this.update(waiting, true)
  }
}
