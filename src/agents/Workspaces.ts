/**
 * Workspaces: each git repository on this machine is one, with all its working trees, and what lies in none is `home`.
 *
 * A repository is recognised by its directory's mark before its path, so that one that was moved keeps its messages.
 */
import { Context, Effect, Layer, Option, Semaphore } from "effect"
import type { Workspace } from "../contract/Agent.ts"
import type { StorageUnavailable } from "../contract/errors/Errors.ts"
import { HOME } from "../contract/Identity.ts"
import { type GitDirectory, gitDirectory } from "../host/git/GitDirectory.ts"
import { EventLog } from "../store/EventLog.ts"
import { ulid } from "../store/Ulid.ts"
import { AgentStore, type FoundWorkspace } from "./AgentStore.ts"

export interface Place {
  /** Null: nothing was ever said or registered there. */
  readonly workspace: Workspace | null
  readonly worktree: string | null
}

const home: Workspace = { id: HOME, path: null }

export class Workspaces extends Context.Service<
  Workspaces,
  {
    /** Where a directory lies; changes nothing. */
    readonly find: (directory: string) => Effect.Effect<Place, StorageUnavailable>
    /** The same, and makes its repository a workspace if it is none yet. */
    readonly enter: (
      directory: string
    ) => Effect.Effect<{ readonly workspace: Workspace; readonly worktree: string | null }, StorageUnavailable>
  }
>()("agentd/agents/Workspaces") {
  static readonly layer = Layer.effect(
    Workspaces,
    Effect.gen(function* () {
      const log = yield* EventLog
      const store = yield* AgentStore

      const known = Effect.fnUntraced(function* ({ common, mark }: GitDirectory) {
        const marked = mark === null ? Option.none<FoundWorkspace>() : yield* store.workspace({ mark })
        return Option.isSome(marked) ? marked : yield* store.workspace({ path: common })
      })

      const find = Effect.fnUntraced(function* (directory: string) {
        const git = gitDirectory(directory)
        if (git === null) return { workspace: home, worktree: null }
        const found = yield* known(git)
        const workspace = Option.isSome(found) ? { id: found.value.id, path: git.common } : null
        return { workspace, worktree: git.worktree }
      })

      // One at a time: two that come at once must not make two workspaces of one repository.
      const turn = yield* Semaphore.make(1)
      const enter = Effect.fn("Workspaces.enter")(function* (directory: string) {
        const git = gitDirectory(directory)
        if (git === null) return { workspace: home, worktree: null }
        const { common: path, mark, worktree } = git
        const found = Option.getOrUndefined(yield* known(git))
        const workspace = found?.id ?? `wks_${yield* ulid}`
        if (found === undefined || found.path !== path || found.mark !== mark) {
          yield* log.append({ type: "workspace.found", workspace, path, mark })
        }
        return { workspace: { id: workspace, path }, worktree }
      })

      return { find, enter: (directory) => turn.withPermit(enter(directory)) }
    })
  )
}
