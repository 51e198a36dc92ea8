/**
 * What git says an agent is working on: its branch, its commits that are not merged, the files it has touched. Asked for when
 * somebody wants to know, never on a timer; the daemon waits a bounded time and says what it could not find out.
 */
import { Effect } from "effect"
import type { FileWork } from "../contract/Work.ts"
import { Git } from "../host/git/Git.ts"

export interface Work {
  readonly branch: string | null
  /** What it is compared with; null: nothing to compare with. */
  readonly base: string | null
  readonly unmerged: number
  readonly changed: ReadonlyArray<FileWork>
  readonly uncommitted: ReadonlyArray<FileWork>
}

/** Where work usually goes, the likeliest first. */
const BASES = [
  "refs/remotes/origin/HEAD",
  "refs/remotes/origin/main",
  "refs/remotes/origin/master",
  "refs/heads/main",
  "refs/heads/master"
]

const STATUS = ["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=all"]
const NUMBERS = ["diff", "--numstat", "-z", "--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=all"]

export const workIn = Effect.fn("Agents.workIn")(function* (directory: string) {
  const { ask } = yield* Git
  const { branch, commit, untracked } = parseStatus(yield* ask(directory, STATUS))
  // Before the first commit there is nothing to compare with.
  if (commit === null) return { branch, base: null, unmerged: 0, changed: [], uncommitted: untracked }
  const known = (yield* ask(directory, ["for-each-ref", "--format=%(refname)", ...BASES])).split("\n")
  const base = BASES.find((one) => known.includes(one) && one !== `refs/heads/${branch}`) ?? null
  const tracked = parseNumbers(yield* ask(directory, [...NUMBERS, "HEAD", "--"]))
  const uncommitted = [...tracked, ...untracked]
  if (base === null) return { branch, base, unmerged: 0, changed: [], uncommitted }
  const unmerged = Number(yield* ask(directory, ["rev-list", "--count", `${base}..HEAD`, "--"]))
  const changed = unmerged === 0 ? [] : parseNumbers(yield* ask(directory, [...NUMBERS, `${base}...HEAD`, "--"]))
  return { branch, base: base.replace(/^refs\/(remotes|heads)\//, ""), unmerged, changed, uncommitted } satisfies Work
})

/** git-status(1), porcelain version 2, NUL-separated: its headers, and the files git does not know yet. */
export const parseStatus = (text: string) => {
  let branch: string | null = null
  let commit: string | null = null
  const untracked: Array<FileWork> = []
  for (const entry of text.split("\0")) {
    const [, key, value] = /^# branch\.(\w+) (.*)$/s.exec(entry) ?? []
    if (key === "head" && value !== "(detached)") branch = value!
    if (key === "oid" && value !== "(initial)") commit = value!
    if (entry.startsWith("? ")) untracked.push({ path: entry.slice(2), added: null, removed: null })
  }
  return { branch, commit, untracked }
}

/** git-diff(1), --numstat -z: added, removed and path between tabs; dashes for binary files. */
export const parseNumbers = (text: string): ReadonlyArray<FileWork> =>
  text.split("\0").flatMap((entry) => {
    const [, added, removed, path] = /^(\d+|-)\t(\d+|-)\t(.+)$/s.exec(entry) ?? []
    if (path === undefined) return []
    const count = (number: string | undefined) => (number === "-" ? null : Number(number))
    return [{ path, added: count(added), removed: count(removed) }]
  })

/** Is this file the wanted one, or does it lie in the wanted directory? Both relative to the top of their working trees. */
export const touches = (wanted: string, { path }: FileWork): boolean =>
  wanted === "" ||
  path === wanted ||
  path.startsWith(`${wanted}/`) ||
  (path.endsWith("/") && `${wanted}/`.startsWith(path))
