/**
 * Layout of an archive, `<session>.cast.zst`:
 *
 *   zstd frame 1 | zstd frame 2 | … | skippable frame with the seek table
 *
 * Each frame is independent and holds whole lines of one asciicast v3 text, about 1 MiB of output. Decompressors pass over
 * skippable frames (RFC 8878, 3.1.2), so `zstd -d` gives the plain recording. The last frame is
 *
 *   [magic u32 LE][size u32 LE] JSON [length of JSON u32 LE][CRC-32 of JSON u32 LE]["agentd-1"]
 *
 * and so is found from the file's end. Its JSON says for each frame where it lies and what state reading starts with.
 */
import { crc32 } from "node:zlib"
import { Option, Schema } from "effect"
import { TranscriptHeader } from "./Transcript.ts"

/** One of the sixteen magic numbers of skippable frames. */
const SKIPPABLE_MAGIC = 0x184d2a5a
const SKIPPABLE_HEADER = 8
const SIGNATURE = Buffer.from("agentd-1")
/** Bytes at the file's end that say where the table is. */
export const TRAILER_BYTES = 8 + SIGNATURE.length
/** Bytes of the table at the most: half a million frames, 500 GB of output. */
const MAX_TABLE = 64 * 1024 * 1024
/** Bytes of text in one frame that a reader is ready to hold: every byte of a frame as the longest escape, and more. */
const MAX_FRAME_TEXT = 32 * 1024 * 1024

const Natural = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const ArchiveFrame = Schema.Struct({
  /** Where it lies in the file, and how long it is there and decompressed. */
  position: Natural,
  bytes: Natural,
  text: Natural.check(Schema.isLessThanOrEqualTo(MAX_FRAME_TEXT)),
  /** Offset of its first byte of output, time of the event before it, size of the terminal. */
  offset: Natural,
  at: Natural,
  cols: Natural,
  rows: Natural
})
export type ArchiveFrame = typeof ArchiveFrame.Type

export const SeekTable = Schema.Struct({
  version: Schema.Literal(1),
  header: TranscriptHeader,
  /** Offset after the last byte. */
  end: Natural,
  frames: Schema.Array(ArchiveFrame)
})
export type SeekTable = typeof SeekTable.Type

const decodeTable = Schema.decodeUnknownOption(Schema.fromJsonString(SeekTable))

export const encodeSeekTable = (table: SeekTable): Buffer => {
  const json = Buffer.from(JSON.stringify(table))
  const bytes = Buffer.alloc(SKIPPABLE_HEADER + json.length + TRAILER_BYTES)
  bytes.writeUInt32LE(SKIPPABLE_MAGIC, 0)
  bytes.writeUInt32LE(json.length + TRAILER_BYTES, 4)
  json.copy(bytes, SKIPPABLE_HEADER)
  const trailer = SKIPPABLE_HEADER + json.length
  bytes.writeUInt32LE(json.length, trailer)
  bytes.writeUInt32LE(crc32(json), trailer + 4)
  SIGNATURE.copy(bytes, trailer + 8)
  return bytes
}

/** Length of the table's JSON according to the file's last bytes; null if this is no whole archive. */
export const tableLength = (trailer: Buffer): number | null => {
  if (trailer.length !== TRAILER_BYTES || !trailer.subarray(8).equals(SIGNATURE)) return null
  const length = trailer.readUInt32LE(0)
  return length <= MAX_TABLE ? length : null
}

/** The table, if it is undamaged and its frames lie in order before it. */
export const decodeSeekTable = (json: Buffer, trailer: Buffer, position: number): SeekTable | null => {
  if (crc32(json) !== trailer.readUInt32LE(4)) return null
  const table = Option.getOrNull(decodeTable(json.toString("utf8")))
  if (table === null) return null
  let free = 0
  let offset = 0
  for (const frame of table.frames) {
    if (frame.position < free || frame.offset < offset) return null
    free = frame.position + frame.bytes
    offset = frame.offset
  }
  return free <= position && offset <= table.end ? table : null
}
