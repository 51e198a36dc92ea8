/**
 * Numbers as ranges: what somebody has of events that are numbered one after the other is mostly one range, however many there are.
 * Gaps are ordinary: what is held back keeps its number, and after a restore numbers begin anew behind a gap.
 */

/** First and last number. */
type Range = readonly [number, number]
/** Rising, and none touches the next. */
export type Ranges = ReadonlyArray<Range>

/** Sorted, and those that touch as one. */
export const rangesOf = (parts: ReadonlyArray<Range>): Ranges => {
  const ranges: Array<Range> = []
  for (const [first, last] of parts.toSorted(([a], [b]) => a - b)) {
    const before = ranges.at(-1)
    if (before !== undefined && first <= before[1] + 1)
      ranges[ranges.length - 1] = [before[0], Math.max(before[1], last)]
    else ranges.push([first, last])
  }
  return ranges
}

/** What lies before, between and behind them. */
export const gapsOf = (ranges: Ranges): Ranges => {
  const gaps: Array<Range> = []
  let next = 1
  for (const [first, last] of ranges) {
    if (first > next) gaps.push([next, first - 1])
    next = last + 1
  }
  return [...gaps, [next, Number.MAX_SAFE_INTEGER]]
}

/** Those of them that are not above a number. */
export const upTo = (ranges: Ranges, most: number): Ranges =>
  ranges.flatMap(([first, last]) => (first > most ? [] : [[first, Math.min(last, most)] as const]))

/** `1-60,62`. */
export const formatRanges = (ranges: Ranges): string =>
  ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",")

const RANGE = /^([1-9][0-9]{0,14})(?:-([1-9][0-9]{0,14}))?$/

/** Null: it is not as `formatRanges` writes it. */
export const parseRanges = (text: string): Ranges | null => {
  if (text === "") return []
  const parts: Array<Range> = []
  for (const part of text.split(",")) {
    const found = RANGE.exec(part)
    if (found === null) return null
    const first = Number(found[1])
    const last = Number(found[2] ?? first)
    if (last < first) return null
    parts.push([first, last])
  }
  return formatRanges(rangesOf(parts)) === text ? parts : null
}
