/**
 * Effect's `FileSystem`, as far as configuration is read with it: three calls, and `NotFound` for any other.
 *
 * Effect's own implementation for Node loads all of `fs/promises` and starts four threads for it, 1 MB for as long as the
 * daemon lives. A few small files at the start and at a reload can as well be read at once.
 */
import * as fs from "node:fs"
import { Effect, FileSystem, Option, PlatformError } from "effect"
import * as ByteSize from "effect/ByteSize"

/** Where the node:fs error codes that configuration distinguishes go. */
const REASONS: Readonly<Record<string, PlatformError.SystemErrorTag>> = {
  ENOENT: "NotFound",
  EACCES: "PermissionDenied",
  EPERM: "PermissionDenied",
  ENOTDIR: "BadResource",
  EISDIR: "BadResource",
  ELOOP: "BadResource"
}

const attempt = <A>(method: string, path: string, act: () => A): Effect.Effect<A, PlatformError.PlatformError> =>
  Effect.try({
    try: act,
    catch: (cause) => {
      const { code = "", syscall } = cause as NodeJS.ErrnoException
      return PlatformError.systemError({
        _tag: REASONS[code] ?? "Unknown",
        module: "FileSystem",
        method,
        pathOrDescriptor: path,
        syscall,
        cause
      })
    }
  })

const typeOf = (stats: fs.Stats): FileSystem.File.Info["type"] =>
  stats.isFile() ? "File" : stats.isDirectory() ? "Directory" : stats.isFIFO() ? "FIFO" : "Unknown"

/** Whole milliseconds, as Effect gives them; Node rounds where its caller wants a Date. */
const time = (ms: number) => Option.some(new Date(Math.floor(ms)))

const infoOf = (stats: fs.Stats): FileSystem.File.Info => ({
  type: typeOf(stats),
  mtime: time(stats.mtimeMs),
  atime: time(stats.atimeMs),
  birthtime: time(stats.birthtimeMs),
  dev: BigInt(stats.dev),
  rdev: Option.some(BigInt(stats.rdev)),
  ino: Option.some(BigInt(stats.ino)),
  mode: stats.mode,
  nlink: Option.some(BigInt(stats.nlink)),
  uid: Option.some(stats.uid),
  gid: Option.some(stats.gid),
  size: ByteSize.bytes(stats.size),
  blksize: Option.some(ByteSize.bytes(stats.blksize)),
  blocks: Option.some(BigInt(stats.blocks))
})

export const layer = FileSystem.layerNoop({
  readDirectory: (path) => attempt("readDirectory", path, () => fs.readdirSync(path)),
  readFile: (path) => attempt("readFile", path, () => fs.readFileSync(path)),
  stat: (path) => attempt("stat", path, () => infoOf(fs.statSync(path)))
})
