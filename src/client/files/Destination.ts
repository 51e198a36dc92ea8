/**
 * Where a copy is to end up, and the hidden place beside it where its parts wait until all of them are there: a rename from there
 * cannot be seen half done.
 */
import { createHash } from "node:crypto"
import type { Stats } from "node:fs"
import { lstat, stat } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import type { Entry } from "../../contract/CopyFrames.ts"
import { AgentdError } from "../AgentdError.ts"
import { isName } from "./Entries.ts"
import { checkInside } from "./Walk.ts"

export interface Destination {
  readonly target: string
  /** The same for every attempt to copy to this target, so that a later one finds what an earlier one left. */
  readonly partial: string
  /** A directory is there already, and what comes is put into it. */
  readonly merge: boolean
}

/** Hexadecimal digits of the name's hash: names may be as long as a name can be. */
const HASH_LENGTH = 16

export const partialName = (target: string): string =>
  `.${createHash("sha256").update(basename(target)).digest("hex").slice(0, HASH_LENGTH)}.agentctl-partial`

export interface Wanted {
  readonly path: string
  readonly base: string | null
  /** What it is called in a directory. */
  readonly name: string
  readonly force: boolean
}

/** @throws AgentdError when it cannot be put there */
export const destination = async ({ base, force, name, path }: Wanted, type: Entry["type"]): Promise<Destination> => {
  const into = await present(path, stat)
  if (into === null && path.endsWith("/")) {
    throw new AgentdError("BadDirectory", `${path}: there is no such directory.`, { data: { path } })
  }
  const target = resolve(into?.isDirectory() === true ? join(path, name) : path)
  if (!isName(basename(target))) {
    throw new AgentdError("NotAllowed", `${target} cannot be the name of a copy. Name a file or a directory.`)
  }
  const parent = dirname(target)
  const above = await present(parent, stat)
  if (above?.isDirectory() !== true) {
    throw new AgentdError("BadDirectory", `${parent}: there is no such directory. Make it first.`, {
      data: { path: parent }
    })
  }
  await checkInside(parent, base)
  const there = await present(target, lstat)
  if (there !== null) checkReplace(target, there, type, force)
  return { target, partial: join(parent, partialName(target)), merge: there?.isDirectory() === true }
}

const checkReplace = (target: string, there: Stats, type: Entry["type"], force: boolean): void => {
  const details = { data: { path: target } }
  if (there.isSymbolicLink()) {
    throw new AgentdError("NotAllowed", `${target} is a symbolic link. Name what it leads to.`, details)
  }
  if (there.isDirectory() !== (type === "directory") || !(there.isDirectory() || there.isFile())) {
    const what = there.isDirectory() ? "a directory" : there.isFile() ? "a file" : "neither a file nor a directory"
    throw new AgentdError("Conflict", `${target} is there already, and is ${what}. Choose another name.`, details)
  }
  if (!force) {
    throw new AgentdError("Conflict", `${target} is there already. Replace it with --force.`, details)
  }
}

/** What is there; null when nothing is. */
export const present = async (path: string, look: (path: string) => Promise<Stats>): Promise<Stats | null> => {
  try {
    return await look(path)
  } catch (cause) {
    if ((cause as { readonly code?: string }).code === "ENOENT") return null
    throw cause
  }
}
