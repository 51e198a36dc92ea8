/**
 * The last megabyte of a session's output in memory, addressed by offset.
 *
 * The buffer starts small and doubles up to its limit as output comes, so that an idle session costs kilobytes.
 */

const FIRST_BYTES = 4096

const NOTHING = Buffer.alloc(0)

/** Memory of the caller's for all of a ring's bytes, and where it notes which they are. */
export interface RingMemory {
  readonly buffer: Buffer
  /** Called after each change, once the bytes are in place. */
  readonly note: (start: number, end: number) => void
}

export class Ring {
  readonly #limit: number
  #buffer: Buffer
  /** Offset of the next byte. */
  #end: number

  #first: number
  readonly #memory: RingMemory | null

  /** With `memory`, what it holds from `first` to `end` is this ring's already. */
  constructor(limit: number, end = 0, memory: RingMemory | null = null, first = end) {
    this.#limit = memory?.buffer.length ?? limit
    this.#buffer = memory?.buffer ?? Buffer.allocUnsafeSlow(Math.min(FIRST_BYTES, limit))
    this.#memory = memory
    this.#end = end
    this.#first = first
  }

  get end(): number {
    return this.#end
  }

  /** Offset of the oldest byte kept. */
  get start(): number {
    return Math.max(this.#first, this.#end - this.#buffer.length)
  }

  /** Bytes of memory held. */
  get size(): number {
    return this.#buffer.length
  }

  push(chunk: Buffer): void {
    this.#grow(this.#end - this.start + chunk.length)
    const capacity = this.#buffer.length
    const kept = chunk.length > capacity ? chunk.subarray(chunk.length - capacity) : chunk
    const at = (this.#end + chunk.length - kept.length) % capacity
    const head = Math.min(kept.length, capacity - at)
    kept.copy(this.#buffer, at, 0, head)
    if (head < kept.length) kept.copy(this.#buffer, 0, head)
    this.#end += chunk.length
    this.#memory?.note(this.start, this.#end)
  }

  /** A copy of at most `limit` bytes from `offset` on; empty outside of what is kept. */
  read(offset: number, limit: number): Buffer {
    return Buffer.concat(this.view(offset, limit))
  }

  /** The same without a copy, in two parts: to be used up before the next push. */
  view(offset: number, limit: number): readonly [Buffer, Buffer] {
    if (offset < this.start || offset >= this.#end) return [NOTHING, NOTHING]
    const capacity = this.#buffer.length
    const length = Math.min(limit, this.#end - offset)
    const at = offset % capacity
    const head = Math.min(length, capacity - at)
    return [this.#buffer.subarray(at, at + head), head === length ? NOTHING : this.#buffer.subarray(0, length - head)]
  }

  #grow(wanted: number): void {
    if (wanted <= this.#buffer.length || this.#buffer.length === this.#limit) return
    let capacity = this.#buffer.length
    while (capacity < wanted && capacity < this.#limit) capacity = Math.min(capacity * 2, this.#limit)
    const start = this.start
    const kept = this.read(start, this.#end - start)
    this.#buffer = Buffer.allocUnsafeSlow(capacity)
    this.#first = start
    const at = start % capacity
    const head = Math.min(kept.length, capacity - at)
    kept.copy(this.#buffer, at, 0, head)
    kept.copy(this.#buffer, 0, head)
  }
}
