/**
 * Where an attached client begins: at an offset, or with a picture of the screen. Decided first, then drawn.
 */
import { Effect } from "effect"
import type { AttachParams } from "../../contract/session/SessionTerminal.ts"
import type { Feed } from "../attachment/Feed.ts"

export type Begin =
  | { readonly from: "offset"; readonly offset: number }
  /** The screen, and what comes after it; a client that has bytes up to `behind` is told of the gap. */
  | { readonly from: "screen"; readonly behind?: number }
  /** The screen as it was, and every byte since. */
  | { readonly from: "past"; readonly offset: number }

/** Where a client begins. `sizedAt` is where the session got the size it had before this client came. */
export const planBegin = (
  params: Pick<AttachParams, "from" | "lossy" | "repaint">,
  feed: Pick<Feed, "end">,
  sizedAt: number
): Begin => {
  const { from = "screen", lossy = "screen", repaint = false } = params
  if (from === "screen") return { from }
  if (from === "start") return { from: "offset", offset: 0 }
  // An offset beyond the end is the end: the client cannot have seen what was never printed.
  const offset = from === "end" ? feed.end : Math.min(from, feed.end)
  if (from === "end" || lossy === "bytes") return { from: "offset", offset }
  // What was drawn for another size would make a mess of this client's screen.
  if (sizedAt > offset) return { from: "screen", behind: offset }
  return { from: repaint ? "past" : "offset", offset }
}

export const begin = Effect.fnUntraced(function* (plan: Begin, feed: Feed, screen: Feed["redraw"]) {
  if (plan.from === "offset") return { cursor: plan.offset, snapshot: null }
  if (plan.from === "screen") {
    // Lines above the screen are for a terminal that has none of them yet.
    const snapshot = yield* plan.behind === undefined ? screen : feed.redraw
    return { cursor: snapshot.offset, snapshot, behind: plan.behind }
  }
  const past = yield* Effect.option(feed.redrawAt(plan.offset))
  const snapshot = past._tag === "Some" && past.value.offset === plan.offset ? past.value : yield* feed.redraw
  return { cursor: snapshot.offset, snapshot, behind: plan.offset }
})
