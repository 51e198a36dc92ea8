/**
 * The branch of an exchange as installations would have left it: a long history at once, and another installation that goes on with it.
 */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import { mergeFile } from "../../src/sync/mergeFile.ts"
import { outgoing } from "../../src/sync/Outgoing.ts"
import { encodeLine, type ShardEvent } from "../../src/sync/ShardLine.ts"
import { pathOf, placeOf, segmentOf } from "../../src/sync/ShardPath.ts"

const BRANCH = "refs/heads/agentd-sync"
/** Where an installation's own copy keeps what it has fetched. */
const FETCHED = "refs/agentd/remote/agentd-sync"

export const git = (repository: string, ...args: ReadonlyArray<string>): string =>
  execFileSync("git", args, { cwd: repository, encoding: "utf8", maxBuffer: 64e6 }).trim()

export const bareRepository = (path: string): string => {
  mkdirSync(path)
  git(path, "init", "--quiet", "--bare", ".")
  return path
}

const head = (remote: string): string | null => git(remote, "for-each-ref", "--format=%(objectname)", BRANCH) || null

const file = (path: string, bytes: Uint8Array) =>
  Buffer.concat([Buffer.from(`M 100644 inline ${path}\ndata ${bytes.length}\n`), bytes, Buffer.from("\n")])

/** Seconds since 1970 of the first commit: each has another time, as git goes by that when it looks for what two sides share. */
const FIRST_COMMIT = 1_700_000_000

const commit = (from: string | null, seconds: number, files: ReadonlyArray<Buffer>): Buffer =>
  Buffer.concat([
    Buffer.from(`commit ${BRANCH}\ncommitter bench <bench@localhost> ${seconds} +0000\ndata 5\nsync\n\n`),
    Buffer.from(from === null ? "" : `from ${from}\n`),
    ...files,
    Buffer.from("\n")
  ])

/** Rows as they are told: what was put in by us holds nothing that stays here, and to look at each again takes minutes. */
const told = (row: ShardEvent): ShardEvent => {
  if (row.id.startsWith("evt_0000")) return row
  const out = outgoing(row.type, row.body)
  return out.do === "send" ? { ...row, body: out.body } : row
}

/**
 * Everything the database has of a workspace, on the branch: a commit for each file, as many as there would be if somebody
 * exchanged whenever 64 messages had been said.
 */
export const putBranch = async (db: DatabaseSync, workspace: string, remote: string): Promise<string> => {
  const child = spawn(
    "git",
    ["-c", "core.compression=1", "fast-import", "--quiet", "--force", "--done", "--depth=10"],
    { cwd: remote, stdio: ["pipe", "ignore", "inherit"] }
  )
  const done = once(child, "exit")
  let from = head(remote)
  let seconds = FIRST_COMMIT
  const write = async (events: ReadonlyArray<ShardEvent>) => {
    const path = pathOf({ origin: events[0]!.origin, segment: segmentOf(events[0]!.seq), seq: null })
    const content = Buffer.from(events.map((event) => `${encodeLine(event)}\n`).join(""))
    if (!child.stdin.write(commit(from, seconds++, [file(path, content)]))) await once(child.stdin, "drain")
    from = null
  }
  const rows = db.prepare(`SELECT id, at, type, body, origin, origin_seq AS seq, clock FROM events
    WHERE workspace = ? AND origin IS NOT NULL ORDER BY origin, origin_seq`)
  let group: Array<ShardEvent> = []
  for (const row of rows.iterate(workspace) as Iterable<unknown> as Iterable<ShardEvent>) {
    const [first] = group
    if (first !== undefined && (first.origin !== row.origin || segmentOf(first.seq) !== segmentOf(row.seq))) {
      await write(group)
      group = []
    }
    group.push(told(row))
  }
  if (group.length > 0) await write(group)
  child.stdin.end("done\n")
  const [code] = await done
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`)
  return head(remote)!
}

/** The installation has fetched it. */
export const copyBranch = (remote: string, own: string, commit: string): void => {
  cpSync(join(remote, "objects"), join(own, "objects"), { recursive: true })
  git(own, "update-ref", FETCHED, commit)
}

/** Puts events of an installation upon the branch, as it would itself. */
export const publish = (remote: string, events: ReadonlyArray<ShardEvent>): void => {
  const files = new Map<string, Array<ShardEvent>>()
  for (const event of events) {
    const path = pathOf(placeOf(event.origin, event.seq, encodeLine(event)))
    files.set(path, [...(files.get(path) ?? []), event])
  }
  const base = head(remote)
  const there = (path: string): Uint8Array => {
    if (base === null || git(remote, "ls-tree", base, path) === "") return new Uint8Array()
    return execFileSync("git", ["cat-file", "blob", `${base}:${path}`], { cwd: remote })
  }
  const parts = [...files].map(([path, ours]) => {
    const place = placeOf(ours[0]!.origin, ours[0]!.seq, encodeLine(ours[0]!))
    return file(path, mergeFile(place, there(path), ours).content!)
  })
  execFileSync("git", ["fast-import", "--quiet", "--done"], {
    cwd: remote,
    input: Buffer.concat([commit(base, Math.floor(Date.now() / 1_000), parts), Buffer.from("done\n")])
  })
}
