/**
 * The sessions that live in this daemon: what memory knows of them beside the store.
 */
import { Context, Effect, Layer, type Scope, Semaphore, SubscriptionRef } from "effect"
import type { Session } from "../../contract/session/Session.ts"
import type { SessionState } from "../../contract/session/SessionState.ts"
import type { LiveSession } from "../running/LiveSession.ts"
import type { SessionRecord } from "../SessionStore.ts"
import type { StateTracker } from "../state/StateTracker.ts"
import type { Recording } from "../transcript/Recordings.ts"
import { Claims } from "./Claims.ts"

export interface Entry {
  /** As the store has it, or will have it in a moment. */
  record: SessionRecord
  readonly live: LiveSession
  readonly recording: Recording
  /** What its program is doing. */
  readonly state: StateTracker
  /** Closes when the session has ended and is recorded. */
  readonly scope: Scope.Closeable
}

export class LiveSessions extends Context.Service<
  LiveSessions,
  {
    readonly entries: ReadonlyMap<string, Entry>
    readonly count: SubscriptionRef.SubscriptionRef<number>
    /** How many have ever been added. */
    readonly added: () => number
    readonly add: (entry: Entry) => Effect.Effect<void>
    readonly remove: (id: string) => Effect.Effect<void>
    readonly byName: (name: string) => Entry | undefined
    readonly names: Claims
    /** Ids of agents that sessions act for. */
    readonly agents: Claims
    /** Renames and tags one at a time: each change starts from what the one before it has made. */
    readonly oneChange: <A, E, R>(change: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** Ended sessions that are being started again at this moment. */
    readonly resuming: Set<string>
    /** The session that was started or attached last. */
    last: string | null
  }
>()("agentd/sessions/LiveSessions") {
  static readonly layer = Layer.effect(
    LiveSessions,
    Effect.gen(function* () {
      const entries = new Map<string, Entry>()
      const names = new Claims()
      const agents = new Claims()
      const count = yield* SubscriptionRef.make(0)
      const changing = yield* Semaphore.make(1)
      let added = 0
      return {
        entries,
        count,
        added: () => added,
        last: null,
        resuming: new Set(),
        add: (entry) => {
          entries.set(entry.record.id, entry)
          added += 1
          return SubscriptionRef.set(count, entries.size)
        },
        remove: (id) => {
          const entry = entries.get(id)
          entries.delete(id)
          if (entry !== undefined) {
            names.release(entry.record.name, id)
            agents.release(entry.record.agent?.id ?? "", id)
          }
          return SubscriptionRef.set(count, entries.size)
        },
        byName: (name) => entries.get(names.holder(name) ?? ""),
        names,
        agents,
        oneChange: (change) => changing.withPermits(1)(Effect.uninterruptible(change))
      }
    })
  )
}

/** A session as it is answered: what the store says, with what only memory knows while it lives. */
export const describe = (record: SessionRecord, entry?: Entry): Session => {
  const {
    archived: _archived,
    boot: _boot,
    hooks: _hooks,
    startTime: _startTime,
    transcriptBytes: _bytes,
    ...session
  } = record
  const state = stateOf(record, entry)
  if (entry === undefined) return { ...session, state, usage: null, clients: [] }
  const { live, recording } = entry
  return {
    ...session,
    status: live.ending === null ? session.status : "stopping",
    state,
    pid: live.launched.pid,
    cols: live.cols,
    rows: live.rows,
    activeAt: live.activeAt,
    offset: live.end,
    unrecorded: recording.writer.unrecorded,
    transcript: recording.writer.directory,
    usage: null,
    clients: [...live.clients.attached.values()].map(({ client }) => client)
  }
}

/** What its program is doing. That it has ended is the one thing that is certain. */
export const stateOf = (record: SessionRecord, entry: Entry | undefined): SessionState => {
  const exit = entry?.live.exit ?? record.exit
  if (exit === null && entry !== undefined) return entry.state.current
  const [name, since] = exit === null ? (["starting", record.createdAt] as const) : (["exited", exit.at] as const)
  return { name, source: "process", confidence: 1, since, question: null }
}
