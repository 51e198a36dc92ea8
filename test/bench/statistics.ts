/**
 * Rounds, medians and ratios. Machines are noisy: everything is measured in turn, A B C A B C …, and compared within its round.
 * Many short rounds tell more than a few long ones: a processor that sleeps between two requests answers in 70 µs, one that
 * does not in 20, and stays in its ways for a while.
 */

export const percentile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)]!
  const high = sorted[Math.ceil(at)]!
  return low + (high - low) * (at - Math.floor(at))
}

export const median = (values: ReadonlyArray<number>): number => percentile(values, 0.5)

/** What each contestant was measured to do, round by round, under its name. */
export type Rounds = ReadonlyMap<string, ReadonlyArray<number>>

export interface Contestant {
  readonly name: string
  readonly measure: () => Promise<number>
}

/** Seconds after which a measurement that has its three rounds takes no more: a slow machine is measured in time, too. */
const ENOUGH_SECONDS = 75
const FEWEST_ROUNDS = 3

/** One uncounted round to warm up, then `rounds` that count; each begins with another contestant. */
export const takeTurns = async (
  contestants: ReadonlyArray<Contestant>,
  rounds: number,
  warmUp = true
): Promise<Rounds> => {
  const taken = new Map<string, Array<number>>(contestants.map(({ name }) => [name, []]))
  const started = performance.now()
  const late = (round: number) => round >= FEWEST_ROUNDS && performance.now() - started > ENOUGH_SECONDS * 1000
  for (let round = warmUp ? -1 : 0; round < rounds && !late(round); round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const { measure, name } = contestants[(turn + Math.max(round, 0)) % contestants.length]!
      const value = await measure()
      if (round >= 0) taken.get(name)!.push(value)
    }
  }
  return taken
}

/** The median of the ratios of each round. */
export const ratio = (rounds: Rounds, name: string, to: string): number | null => {
  const [ours, theirs] = [rounds.get(name), rounds.get(to)]
  if (ours === undefined || theirs === undefined) return null
  return median(ours.map((value, round) => value / theirs[round]!))
}
