/** Chance that is the same again for the same seed (mulberry32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  below(n: number): number {
    return Math.floor(this.next() * n)
  }

  of<A>(all: ReadonlyArray<A>): A {
    return all[this.below(all.length)]!
  }

  happens(probability: number): boolean {
    return this.next() < probability
  }

  /** 80 bits, for ids. */
  readonly bits = (): bigint => {
    let bits = 0n
    for (let i = 0; i < 5; i++) bits = (bits << 16n) | BigInt(this.below(65_536))
    return bits
  }
}
