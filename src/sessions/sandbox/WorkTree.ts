/**
 * What a session works on: its directory, or the git working tree around it, and where git keeps the rest of that.
 *
 * The files looked at may have been written by an earlier session in the same tree, to have the next one's sandbox opened elsewhere.
 * So a git directory outside of the tree counts only if it says itself, from where no such session could write, that it belongs here.
 */
import { lstatSync, readFileSync, realpathSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"

export interface WorkTree {
  readonly root: string
  /** The git directory that several working trees have in common, when it lies outside of this one. */
  readonly git: string | null
  /** What git takes orders from: hooks and settings. */
  readonly orders: ReadonlyArray<string>
  /** The git directory inside of it, which must not be moved away and replaced by one with other orders. */
  readonly own: string | null
}

/** Bytes of a file that holds one path. */
const MAX_POINTER = 8 * 1024

/** `kept`: directories that must not become writable; null when the working tree is, or holds, one of them. */
export const findWorkTree = (cwd: string, kept: ReadonlyArray<string>): WorkTree | null => {
  const real = realpathSync(cwd)
  const around = upwards(real).find((directory) => kindOf(join(directory, ".git")) !== null)
  const root = around !== undefined && !holdsOneOf(around, kept) ? around : real
  if (holdsOneOf(root, kept)) return null
  const dotGit = join(root, ".git")
  switch (kindOf(dotGit)) {
    case "directory":
      return { root, git: null, orders: ordersOf(dotGit), own: dotGit }
    case "file": {
      const git = commonDirectory(dotGit)
      const outside = git !== null && !holdsOneOf(git, kept) ? git : null
      return { root, git: outside, orders: [dotGit, ...(outside === null ? [] : ordersOf(outside))], own: null }
    }
    default:
      return { root, git: null, orders: [], own: null }
  }
}

const ordersOf = (git: string) => [join(git, "hooks"), join(git, "config")]

/** The common git directory of a linked working tree (gitrepository-layout(5)), if it knows of this one. */
const commonDirectory = (dotGit: string): string | null => {
  const own = pointer(dotGit, /^gitdir: (.+)$/)
  if (own === null) return null
  const back = pointer(join(own, "gitdir"), /^(.+)$/)
  const common = pointer(join(own, "commondir"), /^(.+)$/)
  if (back !== realPath(dotGit) || common === null) return null
  // Made by `git worktree add`: COMMON/worktrees/NAME.
  return own === join(common, "worktrees", basename(own)) ? common : null
}

/** The path a small file holds, relative to the file's own directory. */
const pointer = (file: string, pattern: RegExp): string | null => {
  try {
    const info = lstatSync(file)
    if (!info.isFile() || info.size > MAX_POINTER) return null
    const path = pattern.exec(readFileSync(file, "utf8").trim())?.[1]
    return path === undefined ? null : realPath(resolve(dirname(file), path))
  } catch {
    return null
  }
}

const realPath = (path: string): string | null => {
  try {
    return realpathSync(path)
  } catch {
    return null
  }
}

/** A symbolic link is none of both: it may lead anywhere. */
const kindOf = (path: string): "directory" | "file" | null => {
  const info = lstatSync(path, { throwIfNoEntry: false })
  return info?.isDirectory() ? "directory" : info?.isFile() ? "file" : null
}

const upwards = (path: string): ReadonlyArray<string> => {
  const parent = dirname(path)
  return parent === path ? [path] : [path, ...upwards(parent)]
}

export const isWithin = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`)

const holdsOneOf = (directory: string, kept: ReadonlyArray<string>) => kept.some((one) => isWithin(one, directory))

/**
 * Quotes and control characters: systemd 257 writes paths with these into a unit's description and does not read them back, and a
 * mount of an optional path is then left out without a word.
 */
export const cannotName = (path: string): boolean => /["'\p{Cc}]/u.test(path)
