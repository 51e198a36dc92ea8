/**
 * The parts of a copy while it is under way: made with rights for nobody else, filled, and put in place as a whole.
 */
import { constants } from "node:fs"
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rename, rm, symlink } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { Entry, Have } from "../../contract/CopyFrames.ts"
import { AgentdError } from "../AgentdError.ts"
import { checksum } from "./checksum.ts"
import { type Destination, present } from "./Destination.ts"

const OWN_FILE = 0o600
const OWN_DIRECTORY = 0o700

export class Parts {
  readonly #entries: ReadonlyArray<Entry>
  readonly #place: Destination
  readonly #had = new Map<number, Have>()

  constructor(entries: ReadonlyArray<Entry>, place: Destination) {
    this.#entries = entries
    this.#place = place
  }

  path(entry: Entry): string {
    return join(this.#place.partial, entry.path)
  }

  /** Clears away what does not belong to it, makes its directories, and answers what it has of its files. */
  async prepare(): Promise<ReadonlyArray<Have>> {
    const wanted = new Map(this.#entries.map((entry) => [entry.path, entry.type]))
    await this.#clear("", wanted)
    for (const entry of this.#entries) {
      if (entry.type === "directory") await mkdir(this.path(entry), { mode: OWN_DIRECTORY, recursive: true })
    }
    for (const [index, entry] of this.#entries.entries()) {
      if (entry.type !== "file") continue
      const found = await present(this.path(entry), lstat)
      if (found === null || found.size === 0 || found.size > entry.size) continue
      await using handle = await open(this.path(entry), constants.O_RDONLY | constants.O_NOFOLLOW)
      this.#had.set(index, { index, offset: found.size, sha256: await checksum(handle, found.size) })
    }
    return [...this.#had.values()]
  }

  /** Only directories and files of an attempt before stay; never a link, which could lead anywhere. */
  async #clear(path: string, wanted: ReadonlyMap<string, Entry["type"]>): Promise<void> {
    const file = join(this.#place.partial, path)
    const found = await present(file, lstat)
    if (found === null) return
    const own = found.uid === process.getuid?.()
    const type = wanted.get(path)
    if (own && type === "file" && found.isFile() && found.nlink === 1) return chmod(file, OWN_FILE)
    if (!own || type !== "directory" || !found.isDirectory()) return rm(file, { recursive: true })
    await chmod(file, OWN_DIRECTORY)
    for (const name of await readdir(file)) await this.#clear(path === "" ? name : `${path}/${name}`, wanted)
  }

  /** Opens a file to be filled from `offset` on, which the attempt before must have left. */
  async fill(index: number, offset: number): Promise<FileHandle> {
    const entry = this.#entries[index]
    if (entry?.type !== "file" || (offset !== 0 && this.#had.get(index)?.offset !== offset)) {
      throw new AgentdError("ProtocolError", "The other end sends what it did not list.")
    }
    if (offset > 0) return open(this.path(entry), constants.O_RDWR | constants.O_NOFOLLOW)
    // A file of its own: a copy to the same place that is still under way has another one in its hands.
    await rm(this.path(entry), { force: true })
    return open(this.path(entry), "wx+", OWN_FILE)
  }

  /** Modes and links, which have waited until nothing is written any more. */
  async finish(): Promise<void> {
    for (const entry of this.#entries) {
      if (entry.type === "link") await symlink(entry.target!, this.path(entry))
    }
    // From the inside out: a directory may be without its write permission afterwards.
    for (const entry of [...this.#entries].reverse()) {
      if (entry.type === "directory" && !this.#place.merge) await chmod(this.path(entry), entry.mode)
    }
  }

  async place(): Promise<void> {
    const { merge, partial, target } = this.#place
    if (merge) await this.#merge()
    else await rename(partial, target)
    await using directory = await open(dirname(target), constants.O_RDONLY)
    await directory.sync()
  }

  /** Into a directory that is there: looked at first, so that a refusal leaves it as it was. */
  async #merge(): Promise<void> {
    const { partial, target } = this.#place
    for (const { path, type } of this.#entries) {
      const there = await present(join(target, path), lstat)
      if (there === null || there.isDirectory() === (type === "directory")) continue
      const details = { data: { path: join(target, path) } }
      throw new AgentdError("Conflict", `${join(target, path)} is there already and cannot be replaced.`, details)
    }
    for (const entry of this.#entries) {
      const there = join(target, entry.path)
      if (entry.type !== "directory") await rename(this.path(entry), there)
      else if ((await present(there, lstat)) === null) await mkdir(there, { mode: OWN_DIRECTORY })
    }
    for (const entry of [...this.#entries].reverse()) {
      if (entry.type === "directory") await chmod(join(target, entry.path), entry.mode)
    }
    await rm(partial, { recursive: true })
  }
}
