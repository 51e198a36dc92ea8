/**
 * Requests that tell how it is: what is exchanged, with whom, how far, and what was left aside.
 */
import { Effect } from "effect"
import { Conflict } from "../contract/errors/Errors.ts"
import type { Caller, HandlersFor } from "../contract/Handler.ts"
import { HOME } from "../contract/Identity.ts"
import type { Params } from "../contract/Methods.ts"
import { MAX_SYNC_ENTRIES, type SyncStatus } from "../contract/Sync.ts"
import type { Parts } from "./Parts.ts"
import { LOCAL_ONLY } from "./SyncLoop.ts"
import type { HeldRow } from "./SyncStore.ts"

/** Exchanges `sync.log` lists. */
const DEFAULT_RUNS = 20

const NO_REPOSITORY = "This directory lies in no git repository, so there is no remote to exchange anything through."

export const describeHeld = ({ at, body, event, kinds }: HeldRow) => ({ event, kinds, at, released: body !== null })

/** The workspace a caller stands in. A repository that has been moved is found again by being asked about. */
export const standing = Effect.fnUntraced(function* (parts: Parts, caller: Caller, directory: string | undefined) {
  const who = yield* parts.agents.identify(caller, directory)
  const { workspace } = who.place
  if (workspace === null || who.kind === "agent") return workspace
  return (yield* parts.workspaces.enter(who.directory)).workspace
})

export const statusHandlers = (
  parts: Parts
): Pick<HandlersFor<"sync.status" | "sync.force" | "sync.log">, "sync.status" | "sync.force" | "sync.log"> => {
  const { confirmations, directory, log, loop, store } = parts

  const describe = Effect.fnUntraced(function* (workspace: SyncStatus["workspace"]) {
    const row = yield* store.get(workspace.id)
    const enabled = row !== null && row.enabled === 1
    const stopped = enabled ? yield* loop.stopped(row) : null
    const held = yield* store.held(workspace.id)
    const staying = held.filter(({ body }) => body === null)
    const quarantine = yield* store.quarantine(workspace.id)
    const agents = yield* directory.inWorkspace(workspace.id)
    const cursors = yield* store.cursors(workspace.id)
    const confirmed = yield* confirmations.confirmed(workspace.id)
    const peers = yield* Effect.forEach(
      yield* store.origins(workspace.id),
      Effect.fnUntraced(function* ({ clock, last, origin }) {
        const said = origin === log.origin ? undefined : confirmed.get(origin)
        const lag = said === undefined ? null : yield* confirmations.lacking(workspace.id, log.origin, said.has)
        return {
          installation: origin,
          here: origin === log.origin,
          hosts: [...new Set(agents.flatMap((agent) => (agent.origin === origin ? [agent.host] : [])))],
          last,
          lastAt: Number.parseInt(clock.slice(0, 12), 16),
          unpublished: yield* store.above(workspace.id, origin, cursors.get(origin) ?? 0),
          unconfirmed: lag?.events ?? null,
          unconfirmedSince: lag?.oldestAt ?? null,
          confirmedAt: said?.at ?? null
        }
      })
    )
    const status: SyncStatus = {
      workspace,
      mode: !enabled ? "local-only" : stopped === null ? "on" : "stopped",
      reason: enabled ? stopped : workspace.id === HOME ? NO_REPOSITORY : ((yield* loop.closed) ?? LOCAL_ONLY),
      remote: row?.url ?? null,
      running: loop.running(workspace.id),
      lastSuccessAt: row?.success_at ?? null,
      lastErrorAt: row?.failed_at ?? null,
      error: row?.error ?? null,
      nextAt: enabled ? loop.next(workspace.id) : null,
      unpublished: peers.find(({ here }) => here)?.unpublished ?? 0,
      held: staying.slice(-MAX_SYNC_ENTRIES).map(describeHeld),
      heldCount: staying.length,
      quarantine: quarantine
        .slice(0, MAX_SYNC_ENTRIES)
        .map(({ until, ...entry }) => ({ ...entry, waits: until !== "never" })),
      quarantineCount: quarantine.length,
      peers
    }
    return status
  })

  return {
    "sync.status": Effect.fnUntraced(function* (params: Params<"sync.status">, caller: Caller) {
      if (params.all === true) {
        const rows = yield* store.all
        return {
          workspaces: yield* Effect.forEach(rows, ({ workspace }) =>
            Effect.flatMap(directory.workspaceById(workspace), describe)
          )
        }
      }
      const workspace = yield* standing(parts, caller, params.directory)
      return { workspaces: workspace === null ? [] : [yield* describe(workspace)] }
    }),

    "sync.force": Effect.fnUntraced(function* (params: Params<"sync.force">, caller: Caller) {
      const workspace = yield* standing(parts, caller, params.directory)
      if (workspace === null || workspace.id === HOME) {
        return yield* new Conflict({ reason: workspace === null ? LOCAL_ONLY : NO_REPOSITORY })
      }
      return yield* loop.now(workspace.id)
    }),

    "sync.log": Effect.fnUntraced(function* (params: Params<"sync.log">, caller: Caller) {
      const workspace = yield* standing(parts, caller, params.directory)
      return { runs: workspace === null ? [] : yield* store.runs(workspace.id, params.limit ?? DEFAULT_RUNS) }
    })
  }
}
