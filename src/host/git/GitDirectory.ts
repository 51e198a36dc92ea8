/**
 * The git repository a directory lies in, found as git finds it, by looking at files: no program of git's is run, because a
 * repository's own configuration can make git run others.
 */
import { closeSync, openSync, readSync, realpathSync, type Stats, statSync } from "node:fs"
import { dirname, isAbsolute, join, resolve } from "node:path"

export interface GitDirectory {
  /** What all working trees of the repository share. */
  readonly common: string
  /** Top of the working tree; null in a bare repository. */
  readonly worktree: string | null
  /** Recognises the common directory after a move; null where the file system does not say when it was made. */
  readonly mark: string | null
}

/** Directories looked at on the way up: deeper ones are no project's. */
const MAX_UP = 256
/** Bytes of a `.git` file or a `commondir`: a path and a word. */
const MAX_LINK_BYTES = 4096 + 16

export const gitDirectory = (start: string): GitDirectory | null => {
  const real = attempt(() => realpathSync(start))
  for (let at = real, up = 0; at !== null && up < MAX_UP; up++) {
    const found = here(at)
    if (found !== null) return found
    const above = dirname(at)
    at = above === at ? null : above
  }
  return null
}

const here = (directory: string): GitDirectory | null => {
  const dot = join(directory, ".git")
  const stats = stat(dot)
  if (stats?.isDirectory() && isGit(dot)) return describe(dot, directory)
  if (stats?.isFile()) {
    // A linked working tree or a submodule: "gitdir: " and a path.
    const link = /^gitdir: (.+)$/m.exec(firstBytes(dot))?.[1]
    const target = link === undefined ? null : attempt(() => realpathSync(resolve(directory, link.trim())))
    return target === null ? null : describe(target, directory)
  }
  return isGit(directory) ? describe(directory, null) : null
}

/** What git itself asks for (setup.c, is_git_directory). */
const isGit = (path: string): boolean =>
  stat(join(path, "HEAD")) !== undefined &&
  stat(join(path, "objects"))?.isDirectory() === true &&
  stat(join(path, "refs"))?.isDirectory() === true

const describe = (gitdir: string, worktree: string | null): GitDirectory | null => {
  const shared = firstBytes(join(gitdir, "commondir")).split("\n")[0]!.trim()
  const path = shared === "" ? gitdir : isAbsolute(shared) ? shared : join(gitdir, shared)
  const common = attempt(() => realpathSync(path))
  return common === null || !isGit(common) ? null : { common, worktree, mark: markOf(common) }
}

/** An inode's number is used again once it is free, its time of birth is not; both stay through a rename. */
const markOf = (path: string): string | null => {
  const stats = attempt(() => statSync(path, { bigint: true }))
  return stats === null || stats.birthtimeNs === 0n ? null : `${stats.ino}:${stats.birthtimeNs}`
}

const stat = (path: string): Stats | undefined => attempt(() => statSync(path, { throwIfNoEntry: false })) ?? undefined

/** Nothing when it cannot be read. A FIFO in its place must not hold us up, so only regular files are opened. */
const firstBytes = (path: string): string =>
  attempt(() => {
    if (stat(path)?.isFile() !== true) return ""
    const fd = openSync(path, "r")
    try {
      const buffer = Buffer.alloc(MAX_LINK_BYTES)
      return buffer.toString("utf8", 0, readSync(fd, buffer))
    } finally {
      closeSync(fd)
    }
  }) ?? ""

const attempt = <A>(read: () => A): A | null => {
  try {
    return read()
  } catch {
    return null
  }
}

/** Does a directory of this path exist? */
export const isDirectory = (path: string): boolean => stat(path)?.isDirectory() === true
