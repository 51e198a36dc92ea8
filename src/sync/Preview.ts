/**
 * What would leave this machine if a workspace were exchanged through a remote from now on: shown to a person before they agree.
 */
import { Effect } from "effect"
import { MAX_PREVIEW } from "../contract/Limits.ts"
import type { Result } from "../contract/Methods.ts"
import { MAX_SYNC_ENTRIES } from "../contract/Sync.ts"
import { outgoing } from "./Outgoing.ts"
import type { Parts } from "./Parts.ts"
import type { ShardEvent } from "./ShardLine.ts"
import { describeHeld } from "./statusHandlers.ts"

/** Rows read at a time. */
const PAGE = 64

type Plan = Pick<Result<"sync.enable">, "leaves" | "messages" | "held">

export const preview = Effect.fn("Sync.preview")(function* (
  { log, store }: Pick<Parts, "log" | "store">,
  workspace: string,
  url: string
) {
  const counts = new Map<string, { events: number; others: number }>()
  const messages: Array<Plan["messages"][number]> = []
  const decided = yield* store.held(workspace)
  const before = new Map(decided.map((row) => [row.seq, row.body]))
  const held = decided.filter(({ body }) => body === null).map(describeHeld)
  const note = (event: ShardEvent, body: string) => {
    const { events, others } = counts.get(event.type) ?? { events: 0, others: 0 }
    counts.set(event.type, { events: events + 1, others: others + (event.origin === log.origin ? 0 : 1) })
    if (event.type === "message.sent") messages.push(previewOf(event, body))
  }
  const own = (event: ShardEvent) => {
    const decision = before.get(event.seq)
    if (decision === null) return
    if (decision !== undefined) return note(event, decision)
    const out = outgoing(event.type, event.body)
    if (out.do === "send") note(event, out.body)
    else if (out.do === "hold")
      held.push({ event: event.id, kinds: out.kinds.join(", "), at: event.at, released: false })
  }
  // Another remote has none of it: everything leaves, also what has come from others through the one before.
  const there = (yield* store.get(workspace))?.url === url ? yield* store.cursors(workspace) : new Map<string, number>()
  for (const { last, origin } of yield* store.origins(workspace)) {
    for (let after = there.get(origin) ?? 0; after < last; ) {
      const rows = yield* store.events(workspace, origin, after, last, PAGE)
      for (const row of rows) origin === log.origin ? own(row) : note(row, row.body)
      messages.sort((a, b) => b.at - a.at).splice(MAX_SYNC_ENTRIES)
      after = rows.length < PAGE ? last : rows.at(-1)!.seq
    }
  }
  const leaves = [...counts].map(([type, count]) => ({ type, ...count }))
  return { leaves, messages, held: held.slice(-MAX_SYNC_ENTRIES) } satisfies Plan
})

const previewOf = ({ at, id }: ShardEvent, body: string): Plan["messages"][number] => {
  const { author, text } = JSON.parse(body) as { readonly author: { readonly name: string }; readonly text: string }
  return {
    message: id.replace(/^evt_/, "msg_"),
    author: author.name,
    at,
    text: [...text.slice(0, MAX_PREVIEW)].join("")
  }
}
