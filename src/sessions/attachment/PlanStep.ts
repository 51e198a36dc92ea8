/**
 * What an attached client is sent next: bytes from memory, bytes from disk, the screen, or the end. A decision without I/O.
 */
import type { Feed } from "./Feed.ts"

/** Bytes of one output frame: large enough to amortise a write, small enough to keep keystrokes moving. */
const FRAME_BYTES = 128 * 1024

/** The same from disk, where finding the bytes costs more than reading them: who is behind should not fall further behind. */
const RECORDED_BYTES = 512 * 1024

/** How far a terminal may fall behind and still be sent every byte; beyond it, it is sent the screen instead. */
export const MAX_BEHIND_BYTES = 16 * 1024 * 1024

export type Step =
  | { readonly send: "nothing" }
  | { readonly send: "recent" | "recorded"; readonly from: number; readonly limit: number }
  | { readonly send: "screen" }
  | { readonly send: "exit" }

/** What a client at `cursor` is sent next. */
export const planStep = (
  cursor: number,
  feed: Pick<Feed, "start" | "end" | "exit">,
  lossy: "screen" | "bytes"
): Step => {
  if (cursor >= feed.end) return { send: feed.exit === null ? "nothing" : "exit" }
  if (cursor >= feed.start) return { send: "recent", from: cursor, limit: FRAME_BYTES }
  if (lossy === "screen" && feed.end - cursor > MAX_BEHIND_BYTES) return { send: "screen" }
  return { send: "recorded", from: cursor, limit: RECORDED_BYTES }
}
