/**
 * The sessions that live in this daemon: what memory knows of them beside the store.
 */
import { Context, Effect, Layer, type Scope, SubscriptionRef } from "effect"
import type { Session } from "../contract/Session.ts"
import type { LiveSession } from "./LiveSession.ts"
import type { Recording } from "./Recordings.ts"
import type { SessionRecord } from "./SessionStore.ts"

export interface Entry {
  /** As the store has it, or will have it in a moment. */
  record: SessionRecord
  readonly live: LiveSession
  readonly recording: Recording
  /** Closes when the session has ended and is recorded. */
  readonly scope: Scope.Closeable
}

export class LiveSessions extends Context.Service<
  LiveSessions,
  {
    readonly entries: ReadonlyMap<string, Entry>
    readonly count: SubscriptionRef.SubscriptionRef<number>
    readonly add: (entry: Entry) => Effect.Effect<void>
    readonly remove: (id: string) => Effect.Effect<void>
    readonly byName: (name: string) => Entry | undefined
    /** Takes a name until `release`; false when somebody has it. */
    readonly claim: (name: string, id: string) => string | null
    readonly release: (name: string) => void
    /** The session that was started or attached last. */
    last: string | null
  }
>()("agentd/sessions/LiveSessions") {
  static readonly layer = Layer.effect(
    LiveSessions,
    Effect.gen(function* () {
      const entries = new Map<string, Entry>()
      const names = new Map<string, string>()
      const count = yield* SubscriptionRef.make(0)
      return {
        entries,
        count,
        last: null,
        add: (entry) => {
          entries.set(entry.record.id, entry)
          return SubscriptionRef.set(count, entries.size)
        },
        remove: (id) => {
          const entry = entries.get(id)
          entries.delete(id)
          if (entry !== undefined) names.delete(entry.record.name)
          return SubscriptionRef.set(count, entries.size)
        },
        byName: (name) => entries.get(names.get(name) ?? ""),
        claim: (name, id) => {
          const holder = names.get(name)
          if (holder !== undefined) return holder
          names.set(name, id)
          return null
        },
        release: (name) => void names.delete(name)
      }
    })
  )
}

/** A session as it is answered: what the store says, with what only memory knows while it lives. */
export const describe = (record: SessionRecord, entry?: Entry): Session => {
  const { archived: _archived, startTime: _startTime, transcriptBytes: _bytes, ...session } = record
  if (entry === undefined) return { ...session, clients: [] }
  const { live, recording } = entry
  return {
    ...session,
    status: live.ending === null ? session.status : "stopping",
    pid: live.launched.pid,
    cols: live.cols,
    rows: live.rows,
    activeAt: live.activeAt,
    offset: live.end,
    unrecorded: recording.writer.unrecorded,
    transcript: recording.writer.directory,
    clients: [...live.attached.values()].map(({ client }) => client)
  }
}
