/**
 * What there is to copy below a path, without following links.
 */
import type { BigIntStats } from "node:fs"
import { lstat, readdir, readlink, realpath } from "node:fs/promises"
import { join, relative } from "node:path"
import { type Entry, KEPT_MODE, MAX_ENTRIES } from "../../contract/CopyFrames.ts"
import { AgentdError } from "../AgentdError.ts"
import { staysInside, tooMany } from "./Entries.ts"

export interface Found {
  readonly entry: Entry
  /** Where it is. */
  readonly file: string
  readonly stats: BigIntStats
}

export interface Walked {
  readonly found: ReadonlyArray<Found>
  /** Paths that were left out: links that lead out, sockets, devices, names that are no text. */
  readonly skipped: ReadonlyArray<string>
}

/** @throws AgentdError for what cannot be copied, unless `skip` */
export const walk = async (root: string, skip: boolean): Promise<Walked> => {
  const found: Array<Found> = []
  const skipped: Array<string> = []
  const leaveOut = (path: string, why: string): void => {
    if (!skip || path === "") {
      const way = path === "" ? "" : " Leave it out with --skip."
      throw new AgentdError("NotAllowed", `${join(root, path)} ${why}.${way}`, { data: { path: join(root, path) } })
    }
    skipped.push(path)
  }
  const visit = async (path: string): Promise<void> => {
    const file = join(root, path)
    const stats = await lstat(file, { bigint: true })
    const add = (type: Entry["type"], more: Partial<Entry> = {}) => {
      if (found.length >= MAX_ENTRIES) throw tooMany()
      const entry = { path, type, mode: Number(stats.mode) & KEPT_MODE, size: 0, ...more }
      found.push({ entry, file, stats })
    }
    if (stats.isFile()) return add("file", { size: Number(stats.size) })
    if (stats.isSymbolicLink()) {
      const target = await readlink(file)
      if (path === "") return leaveOut(path, `is a symbolic link. Name what it leads to: ${await realpath(file)}`)
      return staysInside(path, target)
        ? add("link", { target })
        : leaveOut(path, `is a symbolic link that leads out of what is copied, to ${target}`)
    }
    if (!stats.isDirectory()) return leaveOut(path, "is neither a file nor a directory")
    add("directory")
    const names = await readdir(file, { encoding: "buffer" })
    for (const bytes of names.sort(Buffer.compare)) {
      const name = bytes.toString("utf8")
      const inside = path === "" ? name : `${path}/${name}`
      if (Buffer.from(name, "utf8").equals(bytes)) await visit(inside)
      else leaveOut(inside, "has a name that is not UTF-8")
    }
  }
  await visit("")
  return { found, skipped }
}

/** @throws AgentdError `NotAllowed` when `file`, with every link on the way resolved, is not in `base` */
export const checkInside = async (file: string, base: string | null): Promise<void> => {
  if (base === null) return
  const way = relative(await realpath(base), await realpath(file))
  if (way === ".." || way.startsWith("../")) {
    throw new AgentdError("NotAllowed", `${file} is outside of the session's directory, ${base}.`, {
      data: { path: file }
    })
  }
}
