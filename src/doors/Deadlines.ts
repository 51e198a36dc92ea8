/**
 * The deadlines of requests under way: one timer for all that have the same time to answer, however many come and go.
 *
 * A timer of its own for each would cost more than most requests do.
 */
import { type Clock, Effect, type Fiber } from "effect"

interface Due {
  /** Milliseconds, whatever the wall clock is set to meanwhile. */
  readonly at: number
  readonly expire: () => void
}

export class Deadlines {
  readonly #clock: Clock.Clock
  readonly #fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** By milliseconds to answer: those that have the same expire in the order in which they began. */
  readonly #due = new Map<number, Set<Due>>()
  readonly #asleep = new Map<number, Fiber.Fiber<void>>()

  constructor(clock: Clock.Clock, fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>) {
    this.#clock = clock
    this.#fork = fork
  }

  #now(): number {
    return Number(this.#clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  }

  /** Calls `expire` after so many milliseconds, unless what this returns is called before. */
  begin(ms: number, expire: () => void): () => void {
    const one = { at: this.#now() + ms, expire }
    let due = this.#due.get(ms)
    if (due === undefined) {
      due = new Set()
      this.#due.set(ms, due)
    }
    due.add(one)
    if (!this.#asleep.has(ms)) this.#sleep(ms, ms)
    return () => void due.delete(one)
  }

  /** It sleeps on when the request it waits for is answered: the next one will want it. */
  #sleep(ms: number, remaining: number): void {
    this.#asleep.set(
      ms,
      this.#fork(
        Effect.andThen(
          Effect.sleep(remaining),
          Effect.sync(() => this.#look(ms))
        )
      )
    )
  }

  #look(ms: number): void {
    const due = this.#due.get(ms)!
    this.#asleep.delete(ms)
    for (const one of due) {
      const remaining = one.at - this.#now()
      if (remaining > 0) {
        this.#sleep(ms, remaining)
        return
      }
      due.delete(one)
      one.expire()
    }
  }

  close(): void {
    for (const fiber of this.#asleep.values()) fiber.interruptUnsafe()
  }
}
