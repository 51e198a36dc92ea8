/**
 * Looks at a session's screen for its program's detector: an emulator of its own that is fed the recent output when there is a look, never
 * while the output passes. It has no lines above the screen, so it is small, and goes when the screen has not changed for a while.
 */
import { Effect } from "effect"
import type { Ring } from "../running/Ring.ts"
import { type Emulator, makeEmulator, type Size } from "../screen/Emulator.ts"
import { snapshot } from "../screen/Snapshot.ts"
import { type Detector, type Sighting, snapshotOf } from "./Detector.ts"

/** Bytes fed for one look, some 10 ms of work; of a flood the last ones, which hold several screens. */
const FED_BYTES = 256 * 1024
/** Milliseconds an emulator is kept for a screen that stays as it is. */
const KEEP_MS = 60_000
/** Milliseconds between two looks at a screen that keeps changing. */
const APART_MS = 1_000
/** Milliseconds without output after which a screen is as its program wants it. */
const DRAWN_MS = 250

/** What is looked at: a live session, as far as this needs it. */
export interface Printing extends Size {
  readonly end: number
  readonly start: number
  readonly recent: Ring["view"]
}

export class Looker {
  readonly #detector: Detector
  #emulator: Emulator | null = null
  /** The emulator was fed up to this offset. */
  #fed = 0
  /** The last look was at the screen as it was there. */
  #seen = 0
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(detector: Detector) {
    this.#detector = detector
  }

  /** There is something new to be seen, and it is time. `printedAt`: when something was printed last. */
  due({ end }: Printing, printedAt: number, now: number): boolean {
    if (end === this.#seen) return false
    return now - printedAt >= DRAWN_MS || now - this.#lookedAt >= APART_MS
  }

  /** Undefined: the screen tells nothing. */
  look(live: Printing, now: number): Effect.Effect<Sighting | undefined> {
    const self = this
    return Effect.gen(function* () {
      const { end } = live
      self.#lookedAt = now
      const from = Math.max(self.#fed, live.start, end - FED_BYTES)
      // Copied: parsing gives way to others, and the ring goes on.
      const bytes = Buffer.concat(live.recent(from, end - from))
      const emulator = self.#emulator ?? (yield* makeEmulator(live, undefined, 0))
      self.#emulator = emulator
      emulator.resize(live)
      yield* emulator.write(bytes)
      self.#fed = end
      self.#seen = end
      return self.#detector.detect(snapshotOf(snapshot(emulator, end, "text")))
    })
  }

  /** Lets go of the emulator once nothing has changed for long. The next look draws the screen again from what is in memory. */
  rest(now: number): void {
    if (this.#emulator === null || now - this.#lookedAt < KEEP_MS) return
    this.dispose()
  }

  /** Milliseconds until `rest` would let go; null: there is nothing to let go of. */
  restIn(now: number): number | null {
    return this.#emulator === null ? null : Math.max(0, this.#lookedAt + KEEP_MS - now)
  }

  dispose(): void {
    this.#emulator?.dispose()
    this.#emulator = null
    this.#fed = 0
  }
}
