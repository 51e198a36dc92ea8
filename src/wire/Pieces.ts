/**
 * Bytes that wait for the rest of their message. What they cost stays near their number, whether they come in one chunk or
 * one by one.
 */

/** Pieces kept apart before they are joined: each is an object of some hundred bytes, and joining all costs a copy. */
const MAX_PIECES = 512

export class Pieces {
  #pieces: Array<Buffer> = []
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Keeps a copy: the chunk belongs to whoever read it, and may be a view of a much larger one. */
  add(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#pieces.length >= MAX_PIECES) this.#pieces = [Buffer.concat(this.#pieces, this.#length)]
    this.#pieces.push(Buffer.from(bytes))
    this.#length += bytes.length
  }

  /** What was kept, followed by `last`; nothing is kept afterwards. */
  takeWith(last: Buffer): Buffer {
    if (this.#pieces.length === 0) return last
    const all = Buffer.concat([...this.#pieces, last], this.#length + last.length)
    this.clear()
    return all
  }

  /** A copy of what was kept. */
  get all(): Buffer {
    return Buffer.concat(this.#pieces, this.#length)
  }

  clear(): void {
    this.#pieces = []
    this.#length = 0
  }
}
