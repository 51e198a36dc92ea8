/**
 * Requests about what agents work on.
 */
import { relative } from "node:path"
import { Effect, Option } from "effect"
import { InvalidParams } from "../contract/errors/Errors.ts"
import type { Caller, HandlersFor } from "../contract/Handler.ts"
import type { Params } from "../contract/Methods.ts"
import type { WorkContext } from "../contract/Work.ts"
import type { Git } from "../host/git/Git.ts"
import { gitDirectory } from "../host/git/GitDirectory.ts"
import type { ProcessTable } from "../host/processes/ProcessTable.ts"
import type { SessionRecord } from "../sessions/SessionStore.ts"
import type { Sessions } from "../sessions/Sessions.ts"
import { resolveAddress, unknownAddress } from "./Addresses.ts"
import type { Parts } from "./Parts.ts"
import { touches, workIn } from "./Work.ts"
import type { Workspaces } from "./Workspaces.ts"

export interface Looking {
  readonly parts: Parts
  readonly sessions: Sessions["Service"]
  readonly table: ProcessTable["Service"]
  readonly workspaces: Workspaces["Service"]
  readonly ask: <A, E>(effect: Effect.Effect<A, E, Git>) => Effect.Effect<A, E>
}

/** Sessions asked about at a time; git itself is limited again. */
const AT_ONCE = 4

export const workHandlers = ({
  ask,
  parts,
  sessions,
  table,
  workspaces
}: Looking): HandlersFor<"agent.context" | "agent.whoHas"> => {
  const contextOf = Effect.fnUntraced(function* (record: SessionRecord, directory: string) {
    const session = { id: record.id, name: record.name }
    const worktree = gitDirectory(directory)?.worktree ?? null
    const where = { agent: record.agent, session, directory, worktree }
    const nothing = { branch: null, base: null, unmerged: 0, changed: [], uncommitted: [] }
    if (worktree === null) return { ...where, ...nothing, problem: null } satisfies WorkContext
    return yield* Effect.match(ask(workIn(directory)), {
      onFailure: ({ reason }): WorkContext => ({ ...where, ...nothing, problem: reason }),
      onSuccess: (work): WorkContext => ({ ...where, ...work, problem: null })
    })
  })

  /** Of every live session in the workspace that `which` lets through. A program that went elsewhere is asked about there. */
  const contexts = Effect.fnUntraced(function* (workspace: string, which: (record: SessionRecord) => boolean) {
    const found = yield* Effect.forEach(
      sessions.records().filter(which),
      Effect.fnUntraced(function* (record) {
        const directory = (record.pid === null ? null : table.directory(record.pid)) ?? record.cwd
        const place = yield* workspaces.find(directory)
        return place.workspace?.id === workspace ? Option.some(yield* contextOf(record, directory)) : Option.none()
      }),
      { concurrency: AT_ONCE }
    )
    return found.flatMap(Option.toArray)
  })

  return {
    "agent.context": Effect.fnUntraced(function* (params: Params<"agent.context">, caller: Caller) {
      const who = yield* parts.identify(caller, params.directory)
      const workspace = who.place.workspace?.id
      if (workspace === undefined) return { contexts: [] }
      if (params.agent === undefined) return { contexts: yield* contexts(workspace, () => true) }
      const here = yield* parts.directory(workspace)
      const meant = resolveAddress(params.agent, here)
      if (meant.kind === "nobody") return yield* unknownAddress(params.agent, here)
      const ids = new Set(meant.agents.map(({ id }) => id))
      return { contexts: yield* contexts(workspace, ({ agent }) => agent !== null && ids.has(agent.id)) }
    }),

    "agent.whoHas": Effect.fnUntraced(function* (params: Params<"agent.whoHas">, caller: Caller) {
      const who = yield* parts.identify(caller, params.directory)
      // The file may not exist yet, or not any more: what it would lie in decides.
      const top = gitDirectory(params.path)?.worktree ?? gitDirectory(`${params.path}/..`)?.worktree ?? null
      const place = top === null ? null : yield* workspaces.find(top)
      const workspace = who.place.workspace?.id
      if (top === null || (place?.workspace?.id ?? null) !== (workspace ?? null)) {
        return yield* new InvalidParams({ field: "path", reason: "it lies in no working tree of this workspace" })
      }
      const path = relative(top, params.path)
      const all = workspace === undefined ? [] : yield* contexts(workspace, () => true)
      const holders = all.flatMap(({ agent, branch, changed, session, uncommitted }) =>
        (
          [
            ["uncommitted", uncommitted],
            ["committed", changed]
          ] as const
        ).flatMap(([state, files]) => {
          const touched = files.filter((file) => touches(path, file))
          return touched.length === 0 ? [] : [{ agent, session, branch, state, files: touched }]
        })
      )
      const problems = all.flatMap(({ problem, session }) =>
        problem === null ? [] : [{ session: session.name, reason: problem }]
      )
      return { path, holders, problems }
    })
  }
}
