/**
 * Bytes waiting to be written, copied into fixed blocks that all transcripts share.
 *
 * An idle session holds no block at all; a busy one reuses those that came back, so that recording allocates nothing.
 */

const BLOCK_BYTES = 64 * 1024

/** Free blocks kept for the next writer (2 MiB, a batch that is written and one that is gathered); more are left to the garbage collector. */
const KEEP_FREE = 32

const free: Array<Buffer> = []

const take = () => free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
const giveBack = (block: Buffer) => {
  if (free.length < KEEP_FREE) free.push(block)
}

export class BlockQueue {
  /** Bytes in the queue. */
  size = 0
  readonly #blocks: Array<Buffer> = []
  /** Bytes of the first block that are gone already, and of the last block that are filled. */
  #head = 0
  #tail = BLOCK_BYTES

  push(chunk: Uint8Array): void {
    let done = 0
    while (done < chunk.length) {
      if (this.#tail === BLOCK_BYTES) {
        this.#blocks.push(take())
        this.#tail = 0
      }
      const n = Math.min(BLOCK_BYTES - this.#tail, chunk.length - done)
      const part = done === 0 && n === chunk.length ? chunk : chunk.subarray(done, done + n)
      this.#blocks[this.#blocks.length - 1]!.set(part, this.#tail)
      this.#tail += n
      done += n
    }
    this.size += chunk.length
  }

  /** Views of the first bytes, at most `max`. They stay valid until `shift` or `clear` takes them away. */
  peek(max: number): Array<Buffer> {
    const parts: Array<Buffer> = []
    let wanted = Math.min(max, this.size)
    for (let i = 0; wanted > 0; i++) {
      const start = i === 0 ? this.#head : 0
      const end = i === this.#blocks.length - 1 ? this.#tail : BLOCK_BYTES
      const n = Math.min(end - start, wanted)
      parts.push(this.#blocks[i]!.subarray(start, start + n))
      wanted -= n
    }
    return parts
  }

  shift(bytes: number): void {
    this.size -= bytes
    this.#head += bytes
    if (this.size === 0) this.clear()
    while (this.#head >= BLOCK_BYTES) {
      giveBack(this.#blocks.shift()!)
      this.#head -= BLOCK_BYTES
    }
  }

  clear(): void {
    for (const block of this.#blocks) giveBack(block)
    this.#blocks.length = 0
    this.size = 0
    this.#head = 0
    this.#tail = BLOCK_BYTES
  }
}
