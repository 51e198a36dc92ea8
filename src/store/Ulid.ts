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

const encode = (value: bigint, length: number): string => {
  let text = ""
  for (let rest = value, i = 0; i < length; i++, rest >>= 5n) text = ALPHABET[Number(rest & 31n)] + text
  return text
}

let source: number | undefined

/**
 * From the kernel's own source: loading `node:crypto` for it would take 2.5 MB of memory for as long as the daemon lives. It stays
 * open, because an id must not be refused for want of a descriptor.
 */
const chance = (): bigint => {
  const bytes = Buffer.alloc(Number(RANDOM_BITS / 8n))
  source ??= openSync("/dev/urandom", "r")
  readSync(source, bytes)
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
    return encode(BigInt(time), TIME_LENGTH) + encode(low, RANDOM_LENGTH)
  }
}

const next = makeUlids()

/** The process's next ULID. */
export const ulid: Effect.Effect<string> = Effect.map(Clock.currentTimeMillis, next)
