/**
 * Which segment holds which bytes, and what one segment's index says about them: pure, for readers and repair.
 */
import type { TranscriptEntry } from "./Transcript.ts"
import { type IndexRecord, RecordType, unpackSize } from "./TranscriptIndex.ts"

export interface Segment {
  readonly offset: number
  readonly bytes: number
}

/** In order, none reaching into the next: what a later segment holds was written later and counts. */
export const arrange = (segments: ReadonlyArray<Segment>): ReadonlyArray<Segment> => {
  const sorted = [...segments].sort((a, b) => a.offset - b.offset)
  return sorted.map(({ offset, bytes }, i) => {
    const next = sorted[i + 1]
    return { offset, bytes: next === undefined ? bytes : Math.min(bytes, next.offset - offset) }
  })
}

export const endOf = (segments: ReadonlyArray<Segment>): number => {
  const last = segments.at(-1)
  return last === undefined ? 0 : last.offset + last.bytes
}

/** Index of the segment with the first byte at or after `from`; -1 when there is none. */
export const findSegment = (segments: ReadonlyArray<Segment>, from: number): number =>
  segments.findIndex(({ offset, bytes }) => offset + bytes > from)

export interface SegmentPart {
  readonly segment: Segment
  readonly records: ReadonlyArray<IndexRecord>
  /** Offset of the first byte in `bytes`. */
  readonly from: number
  readonly bytes: Buffer
  /** The byte before this segment is not there: say what happened and how large the terminal is. */
  readonly afterHole: boolean
  /** Time of bytes that no record speaks of. */
  readonly at: number
}

/** The entries of one part of a segment. Records beyond its data are ignored: the data never came to the disk. */
export const entriesOf = (part: SegmentPart): ReadonlyArray<TranscriptEntry> => {
  const { segment, records, from, bytes } = part
  const to = from + bytes.length
  const segmentEnd = segment.offset + segment.bytes
  const entries: Array<TranscriptEntry> = []
  let at = records[0]?.at ?? part.at
  let cursor = from
  const outputUntil = (offset: number) => {
    if (offset <= cursor) return
    entries.push({ kind: "output", offset: cursor, at, bytes: bytes.subarray(cursor - from, offset - from) })
    cursor = offset
  }
  records.forEach((record, i) => {
    const { offset } = record
    if (offset > to || (offset === to && to < segmentEnd)) return
    if (offset < from) {
      at = record.at
      return
    }
    outputUntil(offset)
    if (record.type === RecordType.Output) at = record.at
    // The first record repeats the size, for readers that have not seen what came before.
    if (record.type === RecordType.Resize && (i > 0 || part.afterHole)) {
      entries.push({ kind: "resize", offset, at: record.at, ...unpackSize(record.value) })
    }
  })
  outputUntil(to)
  return entries
}

/** When the output before this segment was lost, according to its index. */
export const gapTime = (records: ReadonlyArray<IndexRecord>, otherwise: number): number =>
  (records.find((record) => record.type === RecordType.Gap) ?? records[0])?.at ?? otherwise

/** The size in force at an offset, as far as these records know. */
export const sizeIn = (records: ReadonlyArray<IndexRecord>, offset: number) => {
  const resize = records.findLast((record) => record.type === RecordType.Resize && record.offset <= offset)
  return resize === undefined ? null : unpackSize(resize.value)
}
