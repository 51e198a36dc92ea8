/**
 * Which of its numbered input the program has taken from each client, in memory that outlives the daemon: a client that comes back
 * sends again what was not acknowledged, and the daemon that hears it, the same or the next one, knows what it has had before.
 *
 * Each client is a row of numbers. What has been taken is one number, and so one aligned store, which a kill cannot cut in two: the
 * last frame taken whole, and how many bytes of the next. Before each write(2) the row says how many bytes are being tried, and after
 * it not any more. So a row found with bytes being tried belongs to a daemon that was killed in that very system call: nobody can know
 * whether the kernel took them, and they count as taken, because a key that is missing does less harm than one that is typed twice.
 */
import { MAX_INPUT_BYTES } from "../../contract/Limits.ts"

/** Clients one session remembers; the one away longest is forgotten first. Clients that are attached never are. */
const MAX_TYPISTS = 64

/** Numbers of a row, and where each stands. */
const ROW = 7
const AT = { high: 0, low: 1, taken: 2, trying: 3, used: 4, viewer: 5 } as const

/** Numbers all rows take together. */
export const TYPISTS_LENGTH = MAX_TYPISTS * ROW

/** What `taken` counts whole frames in: more than a frame has bytes. 2^53 / 2^19 frames are enough for a client's life. */
const PER_FRAME = MAX_INPUT_BYTES * 2

/** Hexadecimal digits of a token, and of each of the two numbers it is kept as. */
export const TOKEN_DIGITS = 24
const HALF = TOKEN_DIGITS / 2

export interface Typist {
  /** Number of the last frame that came. */
  received: number
  /** Number of the last frame that has been taken whole. */
  readonly taken: number
  /** Bytes of the frame after it that have been taken. */
  readonly partly: number
  /** Bytes that an earlier daemon was typing when it was killed; nobody knows whether the program got them. */
  readonly unsure: number
  /** Told to only look, by another client that took the keyboard. */
  viewer: boolean
  /** Its numbers. */
  readonly row: Float64Array
  /** Attachments it has. */
  attached: number
  /** So many bytes are about to be written. */
  readonly tries: (bytes: number) => void
  /** Of frame `sequence`, `written` of `length` bytes have been written. */
  readonly wrote: (sequence: number, written: number, length: number) => void
  /** Called when another frame has been taken. */
  onTaken: (sequence: number, length: number) => void
}

export class Typists {
  readonly #numbers: Float64Array
  readonly #known = new Map<string, Typist>()

  /** On numbers of its own, or on those that an earlier daemon left. */
  constructor(numbers: Float64Array = new Float64Array(TYPISTS_LENGTH)) {
    this.#numbers = numbers
  }

  /** The client with this token; without one, a client that does not come back. */
  of(token: string | undefined, now: number): Typist {
    if (token === undefined) return typist(new Float64Array(ROW))
    const known = this.#known.get(token)
    const [high, low] = [Number.parseInt(token.slice(0, HALF), 16), Number.parseInt(token.slice(HALF), 16)]
    const row = this.#find(high, low) ?? this.#make(high, low)
    row[AT.used] = now
    if (known !== undefined) return known
    const made = typist(row)
    this.#known.set(token, made)
    return made
  }

  /** For the daemon's next version: all numbers, and what is known beyond them of clients by token. */
  handOver(): { readonly numbers: Uint8Array; readonly received: ReadonlyMap<string, number> } {
    const { buffer, byteLength, byteOffset } = this.#numbers
    const received = new Map([...this.#known].map(([token, one]) => [token, one.received]))
    return { numbers: new Uint8Array(buffer, byteOffset, byteLength), received }
  }

  /** On a copy of what the version before has handed over. */
  static from(bytes: Uint8Array): Typists {
    const numbers = new Float64Array(TYPISTS_LENGTH)
    // Of another layout: whoever comes back is then a new client.
    if (bytes.length === numbers.byteLength) new Uint8Array(numbers.buffer).set(bytes)
    return new Typists(numbers)
  }

  /** Whoever is away may not type either when it comes back. */
  allView(except: Typist): void {
    for (let at = 0; at < TYPISTS_LENGTH; at += ROW) this.#numbers[at + AT.viewer] = 1
    for (const one of this.#known.values()) one.viewer = one !== except
  }

  #find(high: number, low: number): Float64Array | null {
    for (let at = 0; at < TYPISTS_LENGTH; at += ROW) {
      if (this.#numbers[at + AT.high] === high && this.#numbers[at + AT.low] === low) return this.#row(at)
    }
    return null
  }

  /** In an empty row, or in that of who has been away longest. */
  #make(high: number, low: number): Float64Array {
    const attached = new Set([...this.#known].flatMap(([token, one]) => (one.attached > 0 ? [token] : [])))
    let oldest = 0
    let usedAt = Number.POSITIVE_INFINITY
    for (let at = 0; at < TYPISTS_LENGTH; at += ROW) {
      const used = this.#numbers[at + AT.used]!
      if (used < usedAt && !attached.has(this.#token(at))) [oldest, usedAt] = [at, used]
    }
    this.#known.delete(this.#token(oldest))
    const row = this.#row(oldest)
    // The token last: a row that is cut off here is nobody's.
    row.fill(0)
    row[AT.high] = high
    row[AT.low] = low
    return row
  }

  #row(at: number): Float64Array {
    return this.#numbers.subarray(at, at + ROW)
  }

  #token(at: number): string {
    const half = (number: number) => number.toString(16).padStart(HALF, "0")
    return half(this.#numbers[at + AT.high]!) + half(this.#numbers[at + AT.low]!)
  }
}

/** A client that does not come back, with the numbers it had. */
export const typistWith = (numbers: ReadonlyArray<number>): Typist => {
  const row = new Float64Array(ROW)
  row.set(numbers.slice(0, ROW))
  return typist(row)
}

const typist = (row: Float64Array): Typist => {
  const unsure = row[AT.trying]!
  if (unsure > 0) {
    row[AT.taken] = row[AT.taken]! + unsure
    row[AT.trying] = 0
  }
  const taken = () => Math.floor(row[AT.taken]! / PER_FRAME)
  return {
    received: taken(),
    get taken() {
      return taken()
    },
    get partly() {
      return row[AT.taken]! % PER_FRAME
    },
    unsure,
    row,
    get viewer() {
      return row[AT.viewer] === 1
    },
    set viewer(only) {
      row[AT.viewer] = only ? 1 : 0
    },
    attached: 0,
    tries: (bytes) => {
      row[AT.trying] = bytes
    },
    wrote(sequence, written, length) {
      row[AT.taken] = written >= length ? sequence * PER_FRAME : (sequence - 1) * PER_FRAME + written
      row[AT.trying] = 0
      if (written >= length) this.onTaken(sequence, length)
    },
    onTaken: () => {}
  }
}
