/**
 * Where an event lies on the branch: a function of its origin, its number and its length alone, so that every installation puts
 * it into the same file, and a file is one of a few kilobytes however long the history is.
 *
 *     v1/<origin>/<64 segments>/<64 events>.jsonl        v1/<origin>/000003/000201.jsonl
 *     v1/<origin>/<64 segments>/<segment>-<number>.jsonl one event too long to lie with others
 */

/** Events of a file: it is written again with each of them, so few; and files of a directory, for the same reason. */
export const EVENTS_PER_SEGMENT = 64
const SEGMENTS_PER_DIRECTORY = 64

/** Bytes of a line that has a file of its own, so that no other's is written again because of it. */
export const LONG_LINE_BYTES = 32 * 1024

const DIGITS = 6
const padded = (n: number) => String(n).padStart(DIGITS, "0")

export interface Place {
  readonly origin: string
  readonly segment: number
  /** The event it holds alone; null: all short ones of the segment. */
  readonly seq: number | null
}

export const segmentOf = (seq: number): number => Math.floor((seq - 1) / EVENTS_PER_SEGMENT)

/** The first and last number of a segment. */
export const rangeOf = (segment: number): readonly [number, number] => [
  segment * EVENTS_PER_SEGMENT + 1,
  (segment + 1) * EVENTS_PER_SEGMENT
]

export const pathOf = ({ origin, segment, seq }: Place): string =>
  `v1/${origin}/${padded(Math.floor(segment / SEGMENTS_PER_DIRECTORY))}/${padded(segment)}${seq === null ? "" : `-${seq}`}.jsonl`

/** Where a line belongs. */
export const placeOf = (origin: string, seq: number, line: string): Place => ({
  origin,
  segment: segmentOf(seq),
  seq: Buffer.byteLength(line) > LONG_LINE_BYTES ? seq : null
})

const PATH = /^v1\/(ins_[0-9A-F]{20})\/[0-9]{6,13}\/([0-9]{6,13})(?:-([1-9][0-9]{0,14}))?\.jsonl$/

/** Null for a path that no agentd of this version would write. */
export const parsePath = (path: string): Place | null => {
  const found = PATH.exec(path)
  if (found === null) return null
  const place = { origin: found[1]!, segment: Number(found[2]), seq: found[3] === undefined ? null : Number(found[3]) }
  return pathOf(place) === path && (place.seq === null || segmentOf(place.seq) === place.segment) ? place : null
}
