/**
 * Events of the log in the form in which they are told to others.
 */
import { Effect } from "effect"
import { EventLog } from "../store/EventLog.ts"
import { outgoing } from "./Outgoing.ts"
import type { ShardEvent } from "./ShardLine.ts"
import { SyncStore } from "./SyncStore.ts"

export interface Told {
  readonly events: ReadonlyArray<ShardEvent>
  /** What looks as if it held a secret, and was not noticed before. */
  readonly held: ReadonlyArray<{ readonly seq: number; readonly event: string; readonly kinds: ReadonlyArray<string> }>
  /** The number to go on after; null: that was all. */
  readonly next: number | null
}

export interface Range {
  readonly workspace: string
  readonly origin: string
  readonly after: number
  readonly to: number
}

/** Rows read at a time: each may hold a mebibyte. */
const TELLING_PAGE = 64

/** A page of an origin's events. Those of others are passed on as they came. */
export const tell = Effect.fnUntraced(function* ({ after, origin, to, workspace }: Range) {
  const store = yield* SyncStore
  const { origin: own } = yield* EventLog
  const rows = yield* store.events(workspace, origin, after, to, TELLING_PAGE)
  const next = rows.length < TELLING_PAGE ? null : rows.at(-1)!.seq
  if (origin !== own) return { events: rows, held: [], next } satisfies Told
  const decided = new Map((yield* store.held(workspace)).map(({ body, seq }) => [seq, body]))
  const held: Array<Told["held"][number]> = []
  const events = rows.flatMap((row) => {
    const before = decided.get(row.seq)
    if (before !== undefined) return before === null ? [] : [{ ...row, body: before }]
    const out = outgoing(row.type, row.body)
    if (out.do === "hold") held.push({ seq: row.seq, event: row.id, kinds: out.kinds })
    return out.do === "send" ? [{ ...row, body: out.body }] : []
  })
  return { events, held, next } satisfies Told
})
