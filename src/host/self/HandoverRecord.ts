/**
 * A record in memory that outlives execve(2): JSON, and after it the bytes that JSON cannot hold.
 *
 *   [length of the JSON u32 LE][JSON, where {"$bytes":[at, length]} stands for bytes][bytes]
 */
import { fstatSync, readSync, writeSync } from "node:fs"
import { spawningLibc } from "../Libc.ts"

const LENGTH_BYTES = 4
const BYTES = "$bytes"

export const encodeRecord = (record: unknown): Buffer => {
  const blobs: Array<Uint8Array> = []
  let at = 0
  const text = JSON.stringify(record, function (this: Record<string, unknown>, key, value: unknown) {
    // A Buffer's own toJSON has run already.
    const original = this[key]
    if (!(original instanceof Uint8Array)) return value
    const place = { [BYTES]: [at, original.length] }
    blobs.push(original)
    at += original.length
    return place
  })
  const json = Buffer.from(text)
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(json.length)
  return Buffer.concat([length, json, ...blobs])
}

/** @throws Error when it is no record */
export const decodeRecord = (bytes: Buffer): unknown => {
  const start = LENGTH_BYTES + bytes.readUInt32LE(0)
  if (start > bytes.length) throw new Error("it is cut off")
  return JSON.parse(bytes.toString("utf8", LENGTH_BYTES, start), (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !(BYTES in value)) return value
    const [at, length] = value[BYTES] as [number, number]
    if (start + at + length > bytes.length) throw new Error("it is cut off")
    return bytes.subarray(start + at, start + at + length)
  })
}

/** Never on a disk: what somebody types may be a password. Answers the descriptor. */
export const keepRecord = (record: Buffer): number => {
  const MFD_CLOEXEC = 1
  const fd = spawningLibc()?.memfd_create(Buffer.from("agentd-handover\0"), MFD_CLOEXEC) ?? -1
  if (fd < 0) throw new Error("memfd_create failed")
  for (let at = 0; at < record.length; ) at += writeSync(fd, record, at, record.length - at, at)
  return fd
}

export const readRecord = (fd: number): Buffer => {
  const record = Buffer.alloc(fstatSync(fd).size)
  for (let at = 0; at < record.length; ) {
    const read = readSync(fd, record, at, record.length - at, at)
    if (read === 0) throw new Error("it is cut off")
    at += read
  }
  return record
}
