/**
 * The bytes of backups, each content once: `objects/ab/<sha256 of the content>`, shared by all backups that hold it. So a backup costs
 * what has changed since the one before, and any of them can go without the others.
 *
 * An object is a row of zstd frames, each of at most 1 MiB of content and each behind a skippable frame (RFC 8878, 3.1.2) that tells
 * its length: `zstd -d` reads it, and we read it in bounded memory whatever it claims. Content that is compressed already
 * makes one percent of difference and is treated alike.
 */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { constants as zlib, zstdCompressSync, zstdDecompressSync } from "node:zlib"

/** Bytes of content in one frame. */
const FRAME_BYTES = 1024 * 1024
/** Bytes of a frame at the most: what zstd makes of noise, and some. */
const MAX_FRAME = FRAME_BYTES + 64 * 1024
const SKIPPABLE_MAGIC = 0x184d2a5b
const HEAD_BYTES = 12
/** zstd's fastest level but one: a backup should be over soon, and text becomes a fifth all the same. */
const LEVEL = 2

export interface Content {
  readonly bytes: number
  readonly sha256: string
}

export const objectPath = (directory: string, sha256: string): string =>
  join(directory, "objects", sha256.slice(0, 2), sha256)

/** Reads up to `length` bytes of a file, a frame's content at a time. */
const pieces = function* (fd: number, length: number): Generator<Buffer> {
  const buffer = Buffer.allocUnsafe(FRAME_BYTES)
  for (let at = 0; at < length; ) {
    let filled = 0
    while (filled < FRAME_BYTES && at + filled < length) {
      const read = fs.readSync(fd, buffer, filled, Math.min(FRAME_BYTES - filled, length - at - filled), at + filled)
      if (read === 0) break
      filled += read
    }
    if (filled === 0) return
    yield buffer.subarray(0, filled)
    at += filled
  }
}

const contentOf = (fd: number, length: number): Content => {
  const hash = createHash("sha256")
  let bytes = 0
  for (const piece of pieces(fd, length)) {
    hash.update(piece)
    bytes += piece.length
  }
  return { bytes, sha256: hash.digest("hex") }
}

/**
 * Stores a file's first `length` bytes; answers what it read, and the disk space it took, 0 where the content was there already. An
 * object that is there is read again, and replaced when it is damaged: otherwise every later backup would inherit that.
 * On disk when this returns, but for the name's folder, which `syncFolders` writes for many at once.
 */
export const putObject = (
  directory: string,
  fd: number,
  length: number,
  temporary: string
): Content & { stored: number } => {
  const before = contentOf(fd, length)
  if (whyDamaged(directory, before) === null) return { ...before, stored: 0 }
  const out = fs.openSync(temporary, "wx", 0o600)
  let stored = 0
  const hash = createHash("sha256")
  let bytes = 0
  try {
    for (const piece of pieces(fd, length)) {
      hash.update(piece)
      bytes += piece.length
      const frame = zstdCompressSync(piece, { params: { [zlib.ZSTD_c_compressionLevel]: LEVEL } })
      const head = Buffer.alloc(HEAD_BYTES)
      head.writeUInt32LE(SKIPPABLE_MAGIC, 0)
      head.writeUInt32LE(4, 4)
      head.writeUInt32LE(frame.length, 8)
      for (const part of [head, frame]) writeAll(out, part)
      stored += head.length + frame.length
    }
    fs.fsyncSync(out)
  } finally {
    fs.closeSync(out)
  }
  // Read a second time, it may have been changed meanwhile: then this is what counts.
  const content = { bytes, sha256: hash.digest("hex") }
  const path = objectPath(directory, content.sha256)
  fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  fs.renameSync(temporary, path)
  return { ...content, stored }
}

const writeAll = (fd: number, bytes: Buffer): void => {
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at)
}

/** Thrown by `readObject`: ends the sentence that begins with the part's name. */
export class ObjectDamaged extends Error {}

const damaged = (why: string) => new ObjectDamaged(why)

/** Gives the content piece by piece, and throws unless it is, to the last byte, what it was. */
export const readObject = (directory: string, { bytes, sha256 }: Content, take: (piece: Buffer) => void): void => {
  const fd = openObject(objectPath(directory, sha256))
  try {
    const hash = createHash("sha256")
    const head = Buffer.alloc(HEAD_BYTES)
    const frame = Buffer.allocUnsafe(MAX_FRAME)
    let [at, given] = [0, 0]
    for (;;) {
      const read = readFully(fd, head, at)
      if (read === 0) break
      const length = head.readUInt32LE(8)
      if (
        read < HEAD_BYTES ||
        head.readUInt32LE(0) !== SKIPPABLE_MAGIC ||
        head.readUInt32LE(4) !== 4 ||
        length > MAX_FRAME
      )
        throw damaged("is not what was written")
      if (readFully(fd, frame.subarray(0, length), at + HEAD_BYTES) < length) throw damaged("ends too soon")
      const piece = decompress(frame.subarray(0, length))
      given += piece.length
      // Before it is passed on: a list that says little and objects that hold much must not fill the disk.
      if (given > bytes) throw damaged(`has more than its ${bytes} bytes`)
      hash.update(piece)
      take(piece)
      at += HEAD_BYTES + length
    }
    if (given < bytes) throw damaged("ends too soon")
    if (hash.digest("hex") !== sha256) throw damaged("is not what was written")
  } finally {
    fs.closeSync(fd)
  }
}

/** What is wrong with an object, or null. */
export const whyDamaged = (directory: string, content: Content): string | null => {
  try {
    readObject(directory, content, () => {})
    return null
  } catch (error) {
    if (error instanceof ObjectDamaged) return error.message
    throw error
  }
}

const openObject = (path: string): number => {
  try {
    // Neither a link to elsewhere nor a pipe that never ends.
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK)
    if (fs.fstatSync(fd).isFile()) return fd
    fs.closeSync(fd)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT") throw damaged("is missing")
    if (code !== "ELOOP") throw damaged(`cannot be read (${code})`)
  }
  throw damaged("is not a regular file")
}

const readFully = (fd: number, into: Buffer, position: number): number => {
  let filled = 0
  while (filled < into.length) {
    let read: number
    try {
      read = fs.readSync(fd, into, filled, into.length - filled, position + filled)
    } catch (error) {
      throw damaged(`cannot be read (${(error as NodeJS.ErrnoException).code})`)
    }
    if (read === 0) break
    filled += read
  }
  return filled
}

const decompress = (frame: Buffer): Buffer => {
  try {
    return zstdDecompressSync(frame, { maxOutputLength: FRAME_BYTES })
  } catch {
    throw damaged("is not what was written")
  }
}
