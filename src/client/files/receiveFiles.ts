/**
 * The end of a copy that writes. Nothing appears under its name before every byte is there, its checksum compared, and the copy
 * written down.
 */
import { createHash } from "node:crypto"
import { fstatSync, lstatSync } from "node:fs"
import type { FileHandle } from "node:fs/promises"
import { type Checked, CopyFrame, type Entry, MAX_ENTRIES, type Placed, type Start } from "../../contract/CopyFrames.ts"
import { AgentdError } from "../AgentdError.ts"
import { type Channel, readJson, strange } from "./Channel.ts"
import { checksum } from "./checksum.ts"
import { destination, type Wanted } from "./Destination.ts"
import { checkEntries } from "./Entries.ts"
import { explain } from "./explain.ts"
import { Parts } from "./Parts.ts"
import { LIST_PIECE, type Progress, type Sent } from "./sendFiles.ts"

export interface ReceiveOptions {
  readonly channel: Channel
  readonly wanted: Wanted
  /** Writes down what is about to be put in place; if that fails, nothing is. */
  readonly record: (what: { readonly path: string; readonly files: number; readonly bytes: number }) => Promise<void>
  readonly onProgress?: (progress: Progress) => void
}

export const receiveFiles = async (options: ReceiveOptions): Promise<Omit<Sent, "skipped">> => {
  try {
    return await receive(options)
  } catch (cause) {
    throw explain(cause, options.wanted.path)
  }
}

const receive = async ({ channel, onProgress, record, wanted }: ReceiveOptions) => {
  const entries = checkEntries(await channel.readList(CopyFrame.Entries, CopyFrame.Listed, MAX_ENTRIES))
  const root = entries[0]
  if (root === undefined) throw strange(CopyFrame.Listed)
  const place = await destination(wanted, root.type)
  const parts = new Parts(entries, place)
  const had = await parts.prepare()
  await channel.sendList(CopyFrame.Have, CopyFrame.Ready, had, LIST_PIECE)
  const files = entries.filter(({ type }) => type === "file")
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  let resumed = 0
  let sha256: string | null = null
  const advance = (more: number) => {
    done += more
    onProgress?.({ bytes: done, of: bytes })
  }
  advance(0)
  for (const expected of entries.keys()) {
    if (entries[expected]!.type !== "file") continue
    const start = readJson(await channel.expect(CopyFrame.File)) as Start | null
    if (start?.index !== expected || !Number.isSafeInteger(start.offset)) throw strange(CopyFrame.File)
    const entry = entries[expected]!
    await using handle = await parts.fill(expected, start.offset)
    resumed += start.offset
    advance(start.offset)
    sha256 = await receiveFile(channel, handle, entry, start.offset, advance)
    // Another copy to the same place has begun meanwhile, and has taken it.
    const own = fstatSync(handle.fd)
    const there = lstatSync(parts.path(entry), { throwIfNoEntry: false })
    if (there?.ino !== own.ino || there.dev !== own.dev) throw overtaken(place.target)
  }
  await parts.finish()
  const what = { path: place.target, files: files.length, bytes }
  await record(what)
  await parts.place()
  await channel.sendJson(CopyFrame.Done, what satisfies Placed)
  return { ...what, sha256: root.type === "file" ? sha256 : null, resumed }
}

const receiveFile = async (
  channel: Channel,
  handle: FileHandle,
  entry: Entry,
  offset: number,
  advance: (bytes: number) => void
): Promise<string> => {
  const hash = createHash("sha256")
  let at = offset
  await handle.truncate(offset)
  for (;;) {
    const { payload, type } = await channel.next()
    if (type === CopyFrame.End) {
      const { sha256 } = (readJson(payload) ?? {}) as Partial<Checked>
      // What was there before this attempt has to be read again: it is what is on the disk that counts.
      const own = offset === 0 ? hash.digest("hex") : await checksum(handle, entry.size)
      if (at !== entry.size || own !== sha256) throw damaged(entry)
      await handle.chmod(entry.mode)
      await handle.sync()
      return own
    }
    if (type !== CopyFrame.Data) throw strange(type)
    if (at + payload.length > entry.size) throw damaged(entry)
    hash.update(payload)
    for (let written = 0; written < payload.length; ) {
      written += (await handle.write(payload, written, payload.length - written, at + written)).bytesWritten
    }
    at += payload.length
    advance(payload.length)
  }
}

const damaged = ({ path }: Entry): AgentdError =>
  new AgentdError(
    "Conflict",
    `The checksum of ${path === "" ? "the copy" : `"${path}"`} is not what the other end says. Nothing was put in place; copy it again.`
  )

const overtaken = (target: string): AgentdError =>
  new AgentdError("Conflict", `Another copy to ${target} has begun meanwhile, and takes this one's place.`, {
    data: { path: target }
  })
