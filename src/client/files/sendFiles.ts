/**
 * The end of a copy that reads. A file that is not the same at the end of its reading as at the beginning is an error, never a
 * mixture; what the other end has from an attempt before is taken up only where its checksum says that it is the same.
 */
import { createHash } from "node:crypto"
import { constants } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import {
  type Checked,
  COPY_CHUNK_BYTES,
  CopyFrame,
  type Have,
  MAX_ENTRIES,
  type Placed,
  type Start
} from "../../contract/CopyFrames.ts"
import { AgentdError } from "../AgentdError.ts"
import { type Channel, readJson, strange } from "./Channel.ts"
import { checksum, hashUpTo } from "./checksum.ts"
import { explain } from "./explain.ts"
import { checkInside, type Found, walk } from "./Walk.ts"

/** Entries of one frame: a path has at most 4 KiB, and a frame holds 1 MiB. */
export const LIST_PIECE = 200

export interface Progress {
  readonly bytes: number
  readonly of: number
}

export interface SendOptions {
  readonly channel: Channel
  readonly source: string
  /** A directory that the source may not lie outside of. */
  readonly base: string | null
  readonly skip: boolean
  /** Writes down what is about to be sent; if that fails, nothing is. */
  readonly record: (what: { readonly path: string; readonly files: number; readonly bytes: number }) => Promise<void>
  readonly onProgress?: (progress: Progress) => void
}

export interface Sent extends Placed {
  /** Of a single file. */
  readonly sha256: string | null
  readonly skipped: ReadonlyArray<string>
  /** Bytes that the other end had already. */
  readonly resumed: number
}

export const sendFiles = async (options: SendOptions): Promise<Sent> => {
  const { base, channel, onProgress, record, skip, source } = options
  const { found, skipped } = await reading(source, async () => {
    await checkInside(source, base)
    return walk(source, skip)
  })
  await channel.sendList(
    CopyFrame.Entries,
    CopyFrame.Listed,
    found.map(({ entry }) => entry),
    LIST_PIECE
  )
  const had = haves(await channel.readList(CopyFrame.Have, CopyFrame.Ready, MAX_ENTRIES))
  const files = found.flatMap((one, index) => (one.entry.type === "file" ? [{ one, index }] : []))
  const total = files.reduce((sum, { one }) => sum + one.entry.size, 0)
  await record({ path: source, files: files.length, bytes: total })
  let done = 0
  let resumed = 0
  let sha256: string | null = null
  const advance = (bytes: number) => {
    done += bytes
    onProgress?.({ bytes: done, of: total })
  }
  advance(0)
  for (const { index, one } of files) {
    const result = await sendFile(channel, one, index, had.get(index), advance)
    resumed += result.resumed
    sha256 = result.sha256
  }
  const placed = readJson(await channel.expect(CopyFrame.Done)) as Placed | null
  if (typeof placed?.path !== "string") throw strange(CopyFrame.Done)
  const single = found[0]?.entry.type === "file"
  return { path: placed.path, files: files.length, bytes: total, sha256: single ? sha256 : null, skipped, resumed }
}

const haves = (listed: ReadonlyArray<unknown>): ReadonlyMap<number, Have> =>
  new Map(
    (listed as ReadonlyArray<Partial<Have> | null>).map((have): [number, Have] => {
      if (
        typeof have?.index !== "number" ||
        typeof have.offset !== "number" ||
        !Number.isSafeInteger(have.offset) ||
        typeof have.sha256 !== "string"
      ) {
        throw strange(CopyFrame.Have)
      }
      return [have.index, have as Have]
    })
  )

const sendFile = async (
  channel: Channel,
  { entry, file, stats }: Found,
  index: number,
  had: Have | undefined,
  advance: (bytes: number) => void
) => {
  // Not through a link, and not waiting for the other end of what has become a pipe.
  const handle = await reading(file, () => open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK))
  try {
    const check = async () => {
      const now = await handle.stat({ bigint: true })
      const same = (["dev", "ino", "size", "mtimeNs", "ctimeNs"] as const).every((key) => now[key] === stats[key])
      if (!same) throw changed(file)
    }
    await check()
    const offset = await agreed(handle, entry.size, had)
    const hash = createHash("sha256")
    await channel.sendJson(CopyFrame.File, { index, offset } satisfies Start)
    if (offset > 0) await hashUpTo(handle, hash, offset)
    advance(offset)
    const buffer = Buffer.allocUnsafe(COPY_CHUNK_BYTES)
    for (let at = offset; ; ) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
      if (bytesRead === 0) break
      at += bytesRead
      if (at > entry.size) throw changed(file)
      const bytes = buffer.subarray(0, bytesRead)
      hash.update(bytes)
      await channel.send(CopyFrame.Data, bytes)
      advance(bytesRead)
    }
    await check()
    const sha256 = hash.digest("hex")
    await channel.sendJson(CopyFrame.End, { sha256 } satisfies Checked)
    return { sha256, resumed: offset }
  } finally {
    await handle.close()
  }
}

/** How much of it need not be sent again. */
const agreed = async (handle: FileHandle, size: number, had: Have | undefined): Promise<number> => {
  if (had === undefined || had.offset <= 0 || had.offset > size) return 0
  return (await checksum(handle, had.offset)) === had.sha256 ? had.offset : 0
}

const changed = (file: string): AgentdError =>
  new AgentdError(
    "Conflict",
    `${file} was changed while it was copied. Nothing was put in place; copy it again once nobody writes to it.`,
    { data: { path: file } }
  )

const reading = async <A>(file: string, read: () => Promise<A>): Promise<A> => {
  try {
    return await read()
  } catch (cause) {
    throw explain(cause, file)
  }
}
