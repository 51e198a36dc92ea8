/**
 * ULIDs (https://github.com/ulid/spec): 48 bits of time and 80 of chance in 26 characters that sort by time.
 *
 * Within a millisecond, and when the clock steps back, the next one is the last one plus one: a generator's ids always
 * grow.
 */
import { openSync, readSync } from "node:fs"
import { Clock, Context, Effect } from "effect"

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
const TIME_LENGTH = 10
const RANDOM_BITS = 80n
const RANDOM_LENGTH = 16

/** Largest time that fits: 10889-08-02. */
export const MAX_ULID_TIME = 2 ** 48 - 1

/** Of a number below 2^50. */
const encode = (value: number, length: number): string => {
  let text = ""
  for (let rest = value, i = 0; i < length; i++, rest = Math.floor(rest / 32)) text = ALPHABET[rest % 32] + text
  return text
}

/** Half of the chance, as much as fits into a number. */
const HALF_BITS = RANDOM_BITS / 2n
const HALF = (1n << HALF_BITS) - 1n

const encodeChance = (value: bigint): string =>
  encode(Number(value >> HALF_BITS), RANDOM_LENGTH / 2) + encode(Number(value & HALF), RANDOM_LENGTH / 2)

const CHANCE_BYTES = Number(RANDOM_BITS / 8n)
/** What was read for the next ids: asking the kernel takes longer than all else about one. */
const pool = Buffer.alloc(64 * CHANCE_BYTES)
let used = pool.length

let source: number | undefined

/**
 * From the kernel's own source: loading `node:crypto` for it would take 2.5 MB of memory for as long as the daemon lives. It stays
 * open, because an id must not be refused for want of a descriptor.
 */
const chance = (): bigint => {
  if (used === pool.length) {
    source ??= openSync("/dev/urandom", "r")
    readSync(source, pool)
    used = 0
  }
  const bytes = pool.subarray(used, used + CHANCE_BYTES)
  used += CHANCE_BYTES
  return BigInt(`0x${bytes.toString("hex")}`)
}

/** Where the chance in the ids of a log comes from; a simulation that is to be played again brings its own. */
export const Chance = Context.Reference<() => bigint>("agentd/store/Chance", { defaultValue: () => chance })

/** The milliseconds a ULID was made at. */
export const ulidTime = (ulid: string): number => {
  let time = 0
  for (const character of ulid.slice(0, TIME_LENGTH)) time = time * 32 + ALPHABET.indexOf(character)
  return time
}

/** A generator of ULIDs: give it the time in milliseconds. */
export const makeUlids = (random: () => bigint = chance): ((now: number) => string) => {
  let time = -1
  let low = 0n
  return (now) => {
    if (now > time) {
      time = Math.min(now, MAX_ULID_TIME)
      low = random()
    } else {
      low += 1n
    }
    // All 2^80 of this millisecond are used: borrow from the next, as order matters more than the exact time.
    if (low >> RANDOM_BITS !== 0n) {
      time += 1
      low = 0n
    }
    return encode(time, TIME_LENGTH) + encodeChance(low)
  }
}

const next = makeUlids()

/** The process's next ULID. */
export const ulid: Effect.Effect<string> = Effect.map(Clock.currentTimeMillis, next)
