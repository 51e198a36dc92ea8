/**
 * Names and limits of a live transcript directory:
 *
 *   header.json                  what is known at the start
 *   00000000000000000000.raw     output bytes from that offset on (20 digits, so that names sort)
 *   00000000000000000000.idx     their timing (see TranscriptIndex.ts); begins with the size of the terminal
 *
 * A segment is never written again once a later one exists, and a hole between two segments is output that was not
 * recorded. So each pair of files is readable by itself, and the oldest can be removed while the session lives.
 */

export const HEADER_FILE = "header.json"

/** Bytes of output in one segment: the unit in which the oldest output is removed. */
export const SEGMENT_BYTES = 8 * 1024 * 1024

/** Index records in one segment (1.5 MiB): slow, chatty programs write more timing than output. */
export const SEGMENT_RECORDS = 65_536

export const DIRECTORY_MODE = 0o700
export const FILE_MODE = 0o600

const DIGITS = 20

export const segmentName = (offset: number) => `${offset.toString().padStart(DIGITS, "0")}.raw`
export const indexName = (offset: number) => `${offset.toString().padStart(DIGITS, "0")}.idx`

/** The offset a segment's or index's name stands for, or null for any other name. */
export const parseName = (name: string): { readonly offset: number; readonly kind: "raw" | "idx" } | null => {
  const match = /^(\d{20})\.(raw|idx)$/.exec(name)
  if (match === null) return null
  const offset = Number(match[1])
  return Number.isSafeInteger(offset) ? { offset, kind: match[2] === "raw" ? "raw" : "idx" } : null
}
