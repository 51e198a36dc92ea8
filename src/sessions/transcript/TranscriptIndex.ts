/**
 * The timing index of one segment: fixed-size records, each with a check, so that a torn or foreign tail is recognised.
 *
 *   [type u8][0 u8][check u32][at u48][offset u48][value u48], big-endian; value: resize cols<<16|rows, gap: its beginning
 * (the record stands where output goes on, at its end)
 */
import { crc32 } from "node:zlib"

export const RECORD_BYTES = 24
const CHECKED_FROM = 6
const CHECK_AT = 2

/** Largest number that a 48-bit field holds: 256 TiB of output, and times until the year 10889. */
export const MAX_U48 = 2 ** 48 - 1

export const RecordType = { Output: 1, Resize: 2, Gap: 3 } as const
export type RecordType = (typeof RecordType)[keyof typeof RecordType]

export interface IndexRecord {
  readonly type: RecordType
  readonly at: number
  readonly offset: number
  readonly value: number
}

export const packSize = (cols: number, rows: number) => cols * 0x10000 + rows
export const unpackSize = (value: number) => ({ cols: Math.floor(value / 0x10000), rows: value % 0x10000 })

const u48 = (n: number) => (n > 0 ? Math.min(Math.floor(n), MAX_U48) : 0)

/** Checks bind a record to its type, so that zeroes (a hole after a power cut) are never a valid record. */
const checkOf = (bytes: Buffer, position: number) =>
  crc32(bytes.subarray(position + CHECKED_FROM, position + RECORD_BYTES), bytes[position])

export const encodeRecord = (bytes: Buffer, position: number, record: IndexRecord): void => {
  bytes[position] = record.type
  bytes[position + 1] = 0
  bytes.writeUIntBE(u48(record.at), position + 6, 6)
  bytes.writeUIntBE(u48(record.offset), position + 12, 6)
  bytes.writeUIntBE(u48(record.value), position + 18, 6)
  bytes.writeUInt32BE(checkOf(bytes, position), position + CHECK_AT)
}

const isType = (n: number | undefined): n is RecordType => n === 1 || n === 2 || n === 3

/** The records up to the first one that is torn, damaged or goes back; never throws. */
export const decodeRecords = (bytes: Buffer): ReadonlyArray<IndexRecord> => {
  const records: Array<IndexRecord> = []
  let offset = 0
  for (let position = 0; position + RECORD_BYTES <= bytes.length; position += RECORD_BYTES) {
    const type = bytes[position]
    if (!isType(type) || bytes.readUInt32BE(position + CHECK_AT) !== checkOf(bytes, position)) break
    const record = {
      type,
      at: bytes.readUIntBE(position + 6, 6),
      offset: bytes.readUIntBE(position + 12, 6),
      value: bytes.readUIntBE(position + 18, 6)
    }
    if (record.offset < offset) break
    offset = record.offset
    records.push(record)
  }
  return records
}
