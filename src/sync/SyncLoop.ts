/**
 * When workspaces are exchanged: every so often, soon after something is said here, and at once when somebody asks. One exchange of a
 * workspace at a time; one that fails is tried again later and later.
 */
import { Cause, Clock, Context, Effect, Exit, FiberMap, Layer, Queue, Semaphore } from "effect"
import { AgentStore } from "../agents/AgentStore.ts"
import { Settings } from "../config/Settings.ts"
import { Conflict, type StorageUnavailable, SyncFailed } from "../contract/errors/Errors.ts"
import { about } from "../contract/Log.ts"
import type { Git } from "../host/git/Git.ts"
import { isDirectory } from "../host/git/GitDirectory.ts"
import { EventLog } from "../store/EventLog.ts"
import { namedRemote } from "./Address.ts"
import type { ConfirmationStore } from "./ConfirmationStore.ts"
import { cycle, type Outcome } from "./Cycle.ts"
import { type SyncRow, SyncStore } from "./SyncStore.ts"
import type { SyncTransport } from "./SyncTransport.ts"

/** Milliseconds after something was said: what is said in one breath leaves together. */
const SOON_MS = 1_500
/** An interval is doubled with each failure, so many times at the most: 16 minutes, of a minute. */
const MAX_DOUBLINGS = 4
/** Workspaces exchanged at a time. */
const AT_ONCE = 2

/** What others should hear of soon; receipts go with the next exchange. */
const SOON = /^(message\.(sent|edited|deleted)|agent\.(registered|deleted)|group\.)/

export class SyncLoop extends Context.Service<
  SyncLoop,
  {
    /** Exchanges a workspace that is enabled, now. */
    readonly now: (workspace: string) => Effect.Effect<Outcome, Conflict | SyncFailed | StorageUnavailable>
    /** Begins or ends to look after a workspace, after it was enabled or disabled. */
    readonly look: (workspace: string) => Effect.Effect<void, StorageUnavailable>
    readonly running: (workspace: string) => boolean
    /** When the next exchange of a workspace is due. */
    readonly next: (workspace: string) => number | null
    /** Why nothing may be exchanged at all; null: the configuration does not say so. */
    readonly closed: Effect.Effect<string | null>
    /** Why a workspace that is enabled is not exchanged all the same, and what can be done. */
    readonly stopped: (row: SyncRow) => Effect.Effect<string | null, StorageUnavailable>
  }
>()("agentd/sync/SyncLoop") {
  static readonly layer = Layer.effect(
    SyncLoop,
    Effect.gen(function* () {
      const context = yield* Effect.context<Needs>()
      const provide = <A, E>(effect: Effect.Effect<A, E, Needs>) => Effect.provide(effect, context)
      const store = yield* SyncStore
      const log = yield* EventLog
      const settings = yield* Settings
      const permits = yield* Semaphore.make(AT_ONCE)
      const fibers = yield* FiberMap.make<string>()
      const pokes = new Map<string, Queue.Queue<"soon">>()
      const turns = new Map<string, Semaphore.Semaphore>()
      const busy = new Set<string>()
      const due = new Map<string, number>()
      /** Looked at once by this process: a later version may understand what an earlier one could not. */
      const looked = new Set<string>()

      const exchange = Effect.fnUntraced(function* (workspace: string) {
        const row = yield* store.get(workspace)
        if (row === null || row.enabled === 0) return yield* new Conflict({ reason: LOCAL_ONLY })
        const reason = yield* stopped(row)
        if (reason !== null) return yield* new Conflict({ reason })
        const began = yield* Clock.currentTimeMillis
        busy.add(workspace)
        const exit = yield* Effect.exit(
          provide(cycle({ workspace, url: row.url }, { again: !looked.has(workspace) }))
        ).pipe(Effect.ensuring(Effect.sync(() => busy.delete(workspace))))
        if (Exit.isSuccess(exit)) looked.add(workspace)
        if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) return yield* exit
        const at = yield* Clock.currentTimeMillis
        const nothing = { received: 0, sent: 0, quarantined: 0 }
        const error = Exit.isSuccess(exit) ? null : reasonOf(exit.cause)
        yield* store.record(workspace, { at, ms: at - began, ...(Exit.isSuccess(exit) ? exit.value : nothing), error })
        if (error !== row.error) yield* tell(workspace, error)
        return yield* exit
      })

      const closed = Effect.map(settings.current, ({ sync }) => (sync.local_only === "always" ? ALWAYS_LOCAL : null))

      const stopped = Effect.fnUntraced(
        function* ({ remote, url, workspace }: SyncRow) {
          const always = yield* closed
          if (always !== null) return always
          const { path } = yield* (yield* AgentStore).workspaceById(workspace)
          if (path === null || !isDirectory(path)) {
            return `The repository is not at ${path ?? "its path"} any more. Ask from within it ("agentctl sync status"), and it is found again.`
          }
          const found = yield* namedRemote(path, remote)
          if ("refused" in found) return found.refused
          // A slow disk is no change of mind: what was agreed to holds.
          return "unknown" in found || found.ok === url
            ? null
            : `The repository's remote is ${found.ok} now, and ${url} was agreed to. "agentctl sync enable" agrees to the new one.`
        },
        (effect) => provide(effect)
      )

      const now = (workspace: string) => {
        const turn = turns.get(workspace) ?? Semaphore.makeUnsafe(1)
        turns.set(workspace, turn)
        return turn.withPermit(permits.withPermit(exchange(workspace)))
      }

      const lookAfter = Effect.fnUntraced(function* (workspace: string, poke: Queue.Queue<"soon">) {
        for (let failures = 0, first = true; ; first = false) {
          const { interval } = (yield* settings.current).sync
          const wait = first ? 0 : interval * 2 ** Math.min(failures, MAX_DOUBLINGS)
          due.set(workspace, (yield* Clock.currentTimeMillis) + wait)
          const poked = yield* Effect.timeoutOption(Queue.take(poke), wait)
          if (poked._tag === "Some") yield* Effect.sleep(SOON_MS)
          yield* Queue.clear(poke)
          const exit = yield* Effect.exit(now(workspace))
          failures = Exit.isSuccess(exit) ? 0 : failures + 1
        }
      })

      const look = Effect.fnUntraced(function* (workspace: string) {
        const row = yield* store.get(workspace)
        yield* FiberMap.remove(fibers, workspace)
        pokes.delete(workspace)
        due.delete(workspace)
        if (row === null || row.enabled === 0) return
        const poke = yield* Queue.sliding<"soon">(1)
        pokes.set(workspace, poke)
        yield* FiberMap.run(fibers, workspace, lookAfter(workspace, poke))
      })

      yield* log.observe(({ events }) => {
        for (const { body, stamp } of events) {
          const poke = stamp === undefined || !SOON.test(body.type) ? undefined : pokes.get(stamp.workspace)
          if (poke !== undefined) Queue.offerUnsafe(poke, "soon")
        }
      })
      for (const { workspace } of yield* store.all) yield* look(workspace)

      return SyncLoop.of({
        now,
        look,
        running: (workspace) => busy.has(workspace),
        next: (workspace) => due.get(workspace) ?? null,
        closed,
        stopped
      })
    })
  )
}

type Needs = AgentStore | ConfirmationStore | EventLog | Git | SyncStore | SyncTransport

export const LOCAL_ONLY =
  'This workspace is local-only: nothing of it leaves this machine. "agentctl sync enable" shows what would, and asks.'

const ALWAYS_LOCAL =
  'The configuration keeps everything on this machine (sync.local_only is "always"; "agentctl config show --origin" says where).'

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const failed = Cause.findErrorOption(cause)
  if (failed._tag === "None") return "an unexpected fault of agentd"
  return failed.value instanceof SyncFailed ? failed.value.reason : (failed.value as Error).message
}

const tell = (workspace: string, error: string | null) =>
  error === null
    ? Effect.logInfo(`${workspace} is exchanged with its remote again`).pipe(Effect.annotateLogs(about("sync.resumed")))
    : Effect.logWarning(`${workspace} is not exchanged with its remote: ${error}`).pipe(
        Effect.annotateLogs(about("sync.failed"))
      )
