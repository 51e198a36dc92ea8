/**
 * agentd's own bare repository for each workspace: a copy of what the remote has. So it is never repaired, only made anew, and whatever
 * git says of an exchange that failed, the first question is whether this copy is the reason.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { SyncFailed } from "../contract/errors/Errors.ts"
import { type GitProcess, type GitProcessFailed, MAX_FILE_BYTES } from "../host/git/GitProcess.ts"
import { ofConnection, ofDamage, ofSize, sentence } from "./gitAnswers.ts"
import type { Remote } from "./SyncTransport.ts"

/** The branch as it was last fetched, and the commit that is made upon it. */
export const FETCHED = "refs/agentd/remote/agentd-sync"
export const NEXT = "refs/agentd/next"

/** Bytes of lists git prints: some hundred thousand changed files. */
const MAX_LIST = 64 * 1024 * 1024

const TOO_LARGE = `what the branch agentd-sync holds and is not here takes more than ${MAX_FILE_BYTES / 1024 ** 2} MiB, packed: somebody has put something on it that is no messages. Nothing is exchanged until it is deleted there ("git push REMOTE --delete agentd-sync"): whoever comes by next puts back what they have`

export const makeOwnCopies = (git: GitProcess["Service"], state: string) => {
  const directory = join(state, "sync")
  const pathOf = ({ workspace }: Remote) => join(directory, `${workspace}.git`)
  /** Workspaces whose copy is made anew before the next exchange. */
  const damaged = new Set<string>()
  /** Those whose copy was looked at since something was last published, and is not the reason. */
  const sound = new Set<string>()

  const isDamaged = (remote: Remote, reason: string) => {
    damaged.add(remote.workspace)
    return new SyncFailed({
      reason: `agentd's own copy of the branch is damaged (${sentence(reason)}); it is fetched anew with the next exchange, and nothing is lost`
    })
  }

  const raw = (remote: Remote, args: ReadonlyArray<string>, stdin: Iterable<Uint8Array> = [], maxBytes = MAX_LIST) =>
    git.local(["--git-dir", pathOf(remote), ...args], { stdin, maxBytes })

  /** What cannot fail on a copy that is whole. */
  const local = (...[remote, ...rest]: Parameters<typeof raw>) =>
    Effect.mapError(raw(remote, ...rest), ({ reason }) => isDamaged(remote, reason))

  /** Why an exchange with a remote failed: it, what lies between, or this copy. `short`: in a sentence. */
  const blame = Effect.fnUntraced(function* (
    remote: Remote,
    { reason }: GitProcessFailed,
    short = sentence(reason)
  ): Effect.fn.Return<never, SyncFailed> {
    const said = new SyncFailed({ reason: short })
    if (ofConnection(reason)) return yield* said
    if (ofSize(reason)) return yield* new SyncFailed({ reason: TOO_LARGE })
    if (!sound.has(remote.workspace)) {
      const wrong = yield* Effect.match(raw(remote, ["fsck", "--no-dangling", "--no-reflogs", "--no-progress"]), {
        onFailure: (failed) => failed.reason,
        onSuccess: () => null
      })
      // A copy too large to be looked through in its time is not damaged by that.
      const isSlow = wrong !== null && ofConnection(wrong)
      if (wrong !== null && (ofDamage(reason) || !isSlow)) {
        return yield* isDamaged(remote, ofDamage(reason) ? reason : wrong)
      }
      sound.add(remote.workspace)
    }
    if (!ofDamage(reason)) return yield* said
    return yield* new SyncFailed({
      reason: `the remote's own repository is damaged (${short}). "git fsck" there names the files: remove these, then its branch agentd-sync, and whoever comes by next puts back what they have`
    })
  })

  /** What git leaves behind when it is killed: one cycle at a time uses this repository. */
  const clean = (remote: Remote) => Effect.sync(() => removeLeftovers(pathOf(remote)))

  const prepare = Effect.fnUntraced(function* (remote: Remote) {
    const path = pathOf(remote)
    if (!existsSync(join(path, "HEAD")) || damaged.has(remote.workspace)) {
      yield* Effect.sync(() => {
        rmSync(path, { recursive: true, force: true })
        mkdirSync(directory, { recursive: true, mode: 0o700 })
      })
      const made = git.local(["init", "--quiet", "--bare", "--template=", path], { maxBytes: MAX_LIST })
      yield* Effect.mapError(made, ({ reason }) => new SyncFailed({ reason: sentence(reason) }))
      damaged.delete(remote.workspace)
    }
    yield* clean(remote)
  })

  /** What fails from now on may have another reason. */
  const published = (remote: Remote) => Effect.sync(() => void sound.delete(remote.workspace))

  return { pathOf, raw, local, blame, prepare, clean, published, isDamaged }
}

/** Locks, and what was fetched halfway: each time again, of a branch that takes longer than git may take. */
const removeLeftovers = (repository: string): void => {
  const remove = (directory: string, isLeft: (name: string) => boolean) => {
    for (const name of existsSync(directory) ? readdirSync(directory) : []) {
      if (isLeft(name)) rmSync(join(directory, name), { recursive: true, force: true })
    }
  }
  const references = ["", "refs", "refs/agentd", join(FETCHED, "..")]
  for (const below of references) remove(join(repository, below), (name) => name.endsWith(".lock"))
  for (const below of ["objects", "objects/pack"]) {
    remove(join(repository, below), (name) => name.startsWith("tmp_") || name.startsWith(".tmp-"))
  }
}
