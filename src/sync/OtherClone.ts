/**
 * A branch belongs to one workspace of an installation: an event is in its log once, and what is said in a repository is numbered for that
 * one. A second clone on the same machine could neither take in what the first has nor be heard, so it is refused; here is how that is told.
 */
import { dirname } from "node:path"
import { Effect } from "effect"
import { SyncFailed } from "../contract/errors/Errors.ts"
import { isDirectory } from "../host/git/GitDirectory.ts"
import type { ParsedLine } from "./ShardLine.ts"
import { SyncStore } from "./SyncStore.ts"

/** What to do about a clone that is exchanged through a remote already, or was. `path`: its git directory, if anybody knows. */
export const reasonOf = (url: string, path: string | null, exchanged: boolean): string => {
  if (path === null) return `What this machine has of ${url} is kept with a clone that is gone.`
  const top = topOf(path)
  if (!isDirectory(path)) {
    return `What this machine has of ${url} is kept with a clone that is gone from ${top}. "git clone ${url} ${top}" makes one that goes on where it was, and may be moved afterwards.`
  }
  return `Another clone on this machine is exchanged through ${url}${exchanged ? ", or was" : " already"}: ${top}. Use a working tree of that one (git worktree add)${exchanged ? "" : ', or "agentctl sync disable" there'}.`
}

/** Ends an exchange, before anything is taken in or sent, with a branch that holds what another repository of this installation has said or heard. */
export const refuseOthers = Effect.fn("Sync.refuseOthers")(function* (
  workspace: string,
  lines: ReadonlyArray<ParsedLine>
) {
  const store = yield* SyncStore
  const events = lines.flatMap((line) => (line._tag === "event" ? [line.event] : []))
  const path = yield* store.elsewhere(workspace, events)
  if (path === null) return
  return yield* new SyncFailed({
    reason: `the branch has what is kept with another repository of this machine, ${topOf(path)}. If both are clones of one remote, use a working tree of that one (git worktree add); if the branch was copied along with a repository, as in a fork, delete it on this remote`
  })
})

const topOf = (path: string): string => (path.endsWith("/.git") ? dirname(path) : path)
