/**
 * asciicast v3, written from transcript entries: what players show, and beside it, in comments that players skip, what
 * it takes to get the exact bytes back.
 *
 *   {"version":3,"term":{…},…}      the header
 *   #agentd {…}                     our own header
 *   #fffd e9,c3                     the bytes behind each U+FFFD of the next "o" event, in hex (only if one was invalid)
 *   #gap 1000 2500                  these offsets were not recorded; the next "m" event says so to people
 */
import { readableWord } from "../../contract/text/ShellWord.ts"
import type { TranscriptEntry, TranscriptHeader } from "./Transcript.ts"
import { incompleteTail, replacedBytes } from "./Utf8.ts"

/** Bytes of output in one event at the most, so that no line grows beyond what a reader likes to hold. */
const EVENT_BYTES = 64 * 1024

export const OWN_HEADER = "#agentd "
export const REPLACED = "#fffd "
export const GAP = "#gap "

const NOTHING = Buffer.alloc(0)

export const castHeader = (header: TranscriptHeader): string => {
  const { cols, rows, term, createdAt, argv, name } = header
  const standard = {
    version: 3,
    term: { cols, rows, ...(term === "" ? {} : { type: term }) },
    timestamp: Math.floor(createdAt / 1000),
    command: argv.map(readableWord).join(" "),
    title: name
  }
  return `${JSON.stringify(standard)}\n${OWN_HEADER}${JSON.stringify(header)}\n`
}

export interface CastPosition {
  /** Time of the event before. */
  readonly at: number
  /** Offset of the first byte that no event has shown yet. */
  readonly offset: number
  readonly cols: number
  readonly rows: number
}

/** Turns entries into lines. Bytes of a character whose rest is still to come are held back for the next event. */
export class CastWriter {
  #at: number
  #offset: number
  #cols: number
  #rows: number
  #held: Buffer = NOTHING

  constructor(start: CastPosition) {
    this.#at = start.at
    this.#offset = start.offset
    this.#cols = start.cols
    this.#rows = start.rows
  }

  /** Where a writer can go on that has what `held` says as its first bytes. */
  get position(): CastPosition {
    return { at: this.#at, offset: this.#offset, cols: this.#cols, rows: this.#rows }
  }

  /** Bytes taken and not shown yet: at most 3. */
  get held(): Uint8Array {
    return this.#held
  }

  push(entry: TranscriptEntry): string {
    switch (entry.kind) {
      case "output":
        return this.#output(entry.bytes, entry.at)
      case "resize": {
        if (entry.cols === this.#cols && entry.rows === this.#rows) return ""
        this.#cols = entry.cols
        this.#rows = entry.rows
        return this.#event(entry.at, "r", `${entry.cols}x${entry.rows}`)
      }
      case "gap": {
        const held = this.end(entry.at)
        this.#offset = entry.to
        const words = `${entry.to - entry.from} bytes of output were not recorded`
        return `${held}${GAP}${entry.from} ${entry.to}\n${this.#event(entry.at, "m", words)}`
      }
    }
  }

  /** Nothing follows: shows what was held back. */
  end(at: number): string {
    const held = this.#held
    this.#held = NOTHING
    return held.length === 0 ? "" : this.#show(held, at)
  }

  /** The program's end, in the shell's way of counting: 128 and the signal's number. */
  exit(status: number, at: number): string {
    return this.end(at) + this.#event(at, "x", `${status}`)
  }

  #output(bytes: Uint8Array, at: number): string {
    let lines = ""
    for (let from = 0; from < bytes.length; from += EVENT_BYTES) {
      const part = bytes.subarray(from, from + EVENT_BYTES)
      const all = this.#held.length === 0 ? part : Buffer.concat([this.#held, part])
      const length = all.length - incompleteTail(all)
      this.#held = length === all.length ? NOTHING : Buffer.from(all.subarray(length))
      if (length > 0) lines += this.#show(all.subarray(0, length), at)
    }
    return lines
  }

  #show(bytes: Uint8Array, at: number): string {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8")
    const replaced = replacedBytes(bytes, text)
    this.#offset += bytes.length
    return (replaced === null ? "" : `${REPLACED}${replaced.join(",")}\n`) + this.#event(at, "o", text)
  }

  /** A clock that was set back gives an interval of 0, and time goes on from where it was. */
  #event(at: number, code: string, data: string): string {
    const interval = Math.max(0, at - this.#at)
    this.#at += interval
    return `[${interval / 1000},"${code}",${JSON.stringify(data)}]\n`
  }
}
