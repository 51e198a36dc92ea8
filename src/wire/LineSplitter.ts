/**
 * Cuts a byte stream into newline-ended lines, within a limit, and gives back what is left when the protocol changes.
 *
 * A line over the limit is reported once and thrown away up to its newline, so that one bad request does not cost the
 * connection and never costs more memory than the limit.
 */
import { isUtf8 } from "node:buffer"
import { Pieces } from "./Pieces.ts"

/** What comes out for a line over the limit. */
export const TOO_LONG = Symbol("line over the limit")

/** What comes out for a line of other bytes than UTF-8: decoded all the same, it would say what nobody has written. */
export const NOT_UTF8 = Symbol("line that is not UTF-8")

type Unreadable = typeof TOO_LONG | typeof NOT_UTF8

const NEWLINE = 0x0a

export class LineSplitter {
  readonly #limit: number
  readonly #begun = new Pieces()
  #discarding = false

  /** `discarding`: it begins in the middle of a line over the limit. */
  constructor(limit: number, discarding = false) {
    this.#limit = limit
    this.#discarding = discarding
  }

  /** A line's beginning that has come so far. */
  get begun(): Buffer {
    return this.#begun.all
  }

  get discarding(): boolean {
    return this.#discarding
  }

  /**
   * Takes a chunk and calls `onLine` for each complete line, without its newline. If `onLine` answers `false`, splitting
   * stops there and the bytes after that line are returned unread.
   */
  push(chunk: Buffer, onLine: (line: string | Unreadable) => boolean): Buffer | null {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start)
      if (end < 0) break
      const line = this.#finish(chunk.subarray(start, end))
      start = end + 1
      if (line !== null && !onLine(line)) return chunk.subarray(start)
    }
    this.#keep(chunk.subarray(start), onLine)
    return null
  }

  #finish(last: Buffer): string | Unreadable | null {
    if (this.#discarding) {
      this.#discarding = false
      return null
    }
    if (this.#begun.length + last.length > this.#limit) {
      this.#begun.clear()
      return TOO_LONG
    }
    const line = this.#begun.takeWith(last)
    return isUtf8(line) ? line.toString("utf8") : NOT_UTF8
  }

  #keep(rest: Buffer, onLine: (line: typeof TOO_LONG) => boolean): void {
    if (rest.length === 0 || this.#discarding) return
    if (this.#begun.length + rest.length > this.#limit) {
      this.#begun.clear()
      this.#discarding = true
      onLine(TOO_LONG)
    } else this.#begun.add(rest)
  }
}
