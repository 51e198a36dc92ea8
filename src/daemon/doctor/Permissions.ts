/**
 * Who may read and change what agentd keeps: every directory, socket and file of the user's, looked at one by one.
 */
import { lstatSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import type { Finding } from "../../contract/Daemon.ts"
import { ok, problem, warning } from "../../contract/Findings.ts"
import { readableWord } from "../../contract/text/ShellWord.ts"
import type { Places } from "../../host/files/Directories.ts"

export interface Entry {
  readonly path: string
  readonly kind: "directory" | "file" | "socket" | "link" | "other"
  readonly uid: number
  /** Permission bits. */
  readonly mode: number
}

/** What holds for a tree: `private` is nobody else's to see; `settings` others may read, but not write. */
export interface Tree {
  readonly root: string
  readonly holds: "private" | "settings"
}

/** Entries looked at in one tree: a state directory has some for each session, and a daemon has other work. */
const MAX_ENTRIES = 20_000

/** Entries between two turns of the event loop; a lot of them takes about a millisecond. */
const LOT = 200

/** Paths named in a sentence or a command; beyond it the tree is. */
const NAMED = 4

/** Captured variables may hold keys, wherever the file lies. */
const SECRET = /\/service\.env$/

const OTHERS = 0o077
const OTHERS_WRITE = 0o022

/** What is wrong with one entry, or null. */
export const judge = (entry: Entry, { holds, root }: Tree, uid: number): "owner" | "link" | "open" | "mode" | null => {
  const isRoot = entry.path === root
  if (entry.kind === "link") return isRoot ? "link" : null
  if (entry.uid !== uid && !(holds === "settings" && entry.uid === 0)) return "owner"
  const secret = holds === "private" || SECRET.test(entry.path)
  if ((entry.mode & (secret ? OTHERS : OTHERS_WRITE)) === 0) return null
  // What lies in a closed directory is out of reach, for as long as that is closed.
  return isRoot || holds === "settings" ? "open" : "mode"
}

/** One finding over everything that was seen. */
export const conclude = (
  trees: ReadonlyArray<{ readonly tree: Tree; readonly entries: ReadonlyArray<Entry> }>,
  uid: number
): Finding => {
  const judged = trees.flatMap(({ entries, tree }) =>
    entries.flatMap((entry) => {
      const wrong = judge(entry, tree, uid)
      return wrong === null ? [] : [{ entry, tree, wrong }]
    })
  )
  const of = (wrong: string) => judged.filter((found) => found.wrong === wrong)
  const named = (found: typeof judged) => {
    const paths = found.slice(0, NAMED).map(({ entry }) => entry.path)
    return `${paths.join(", ")}${found.length > NAMED ? ` and ${found.length - NAMED} more` : ""}`
  }
  /** The paths themselves, or the trees they are in when they are many. */
  const command = (found: typeof judged, program: string, recursive: string) => {
    const few = found.length <= NAMED
    const words = few ? found.map(({ entry }) => entry.path) : [...new Set(found.map(({ tree }) => tree.root))]
    return `${program}${few ? "" : ` ${recursive}`} ${words.map(readableWord).join(" ")}`
  }
  const links = of("link")
  if (links.length > 0)
    return problem(
      "permissions",
      `A symbolic link stands where a directory has to be: ${named(links)}.`,
      command(links, "rm", "")
    )
  const foreign = of("owner")
  if (foreign.length > 0)
    return problem("permissions", `Not yours: ${named(foreign)}.`, command(foreign, 'sudo chown "$(id -u)"', "-R"))
  const open = of("open")
  if (open.length > 0)
    return problem("permissions", `Open to others: ${named(open)}.`, command(open, "chmod go-rwx", "-R"))
  const mode = of("mode")
  if (mode.length > 0)
    return warning(
      "permissions",
      `Others would have access if the directory above were open: ${named(mode)}.`,
      command(mode, "chmod go-rwx", "-R")
    )
  const count = trees.reduce((sum, { entries }) => sum + entries.length, 0)
  if (count === 0) return ok("permissions", "There is nothing yet that others could have access to.")
  return ok("permissions", `${count} directories, sockets and files belong to you, and nobody else has access.`)
}

export const treesOf = ({
  config,
  runtime,
  state
}: Pick<Places, "config" | "runtime" | "state">): ReadonlyArray<Tree> => {
  const trees: ReadonlyArray<Tree> = [
    { root: runtime, holds: "private" },
    { root: state, holds: "private" },
    { root: config, holds: "settings" }
  ]
  // On a Mac all three are one.
  return trees.filter(({ root }, at) => trees.findIndex((other) => other.root === root) === at)
}

export const permissions = Effect.fnUntraced(function* (
  places: Pick<Places, "config" | "runtime" | "state">,
  uid: number
) {
  const seen = yield* Effect.forEach(treesOf(places), (tree) =>
    Effect.map(look(tree.root), (entries) => ({ tree, entries }))
  )
  return conclude(seen, uid)
})

/** The tree's entries, its root first; none where there is no such path. */
const look = Effect.fnUntraced(function* (root: string) {
  const entries: Array<Entry> = []
  const waiting = [root]
  for (let path = waiting.shift(); path !== undefined && entries.length < MAX_ENTRIES; path = waiting.shift()) {
    if (entries.length % LOT === LOT - 1) yield* Effect.sleep(0)
    const entry = entryAt(path)
    if (entry === undefined) continue
    entries.push(entry)
    if (entry.kind === "directory") for (const name of namesIn(path)) waiting.push(join(path, name))
  }
  return entries
})

const entryAt = (path: string): Entry | undefined => {
  try {
    const found = lstatSync(path)
    const kind = found.isSymbolicLink()
      ? "link"
      : found.isDirectory()
        ? "directory"
        : found.isFile()
          ? "file"
          : found.isSocket()
            ? "socket"
            : "other"
    return { path, kind, uid: found.uid, mode: found.mode & 0o777 }
  } catch {
    // Gone meanwhile, or behind a directory that is not ours, which is named itself.
    return undefined
  }
}

const namesIn = (path: string): ReadonlyArray<string> => {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
