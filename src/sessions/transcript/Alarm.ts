/**
 * Wakes the one fiber that waits for it, at once or after a while. Rung while nobody waits, it is remembered.
 *
 * A plain timer and not a sleeping fiber: it is armed for nearly every chunk of a quiet session's output.
 */
import { Effect } from "effect"

export class Alarm {
  #timer: NodeJS.Timeout | null = null
  #wake: (() => void) | null = null
  #rung = false

  readonly wait: Effect.Effect<void> = Effect.callback<void>((resume) => {
    if (this.#rung) {
      this.#rung = false
      return resume(Effect.void)
    }
    this.#wake = () => resume(Effect.void)
  })

  ring(): void {
    this.stop()
    const wake = this.#wake
    this.#wake = null
    if (wake === null) this.#rung = true
    else wake()
  }

  /** Does nothing when it is to ring already. */
  ringIn(ms: number): void {
    if (this.#timer === null && !this.#rung) this.#timer = setTimeout(() => this.ring(), ms)
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
