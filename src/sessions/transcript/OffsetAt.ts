/** Where in a session's output a moment is: what `logs --since` begins with. */
import { Effect } from "effect"
import type { TranscriptReader } from "./Transcript.ts"

/**
 * The offset of the first byte before `end` that was printed at `since` or later; `end` if there is none. Found by halves, so that a
 * long transcript is looked at in a few places only; where the wall clock was put back it is one of the moments that fit.
 */
export const offsetAt = Effect.fnUntraced(function* (reader: TranscriptReader, end: number, since: number) {
  if (since <= reader.header.createdAt) return 0
  let [low, high] = [0, end]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const { entries } = yield* reader.entries(middle, 1)
    const at = entries.find(({ kind }) => kind !== "resize")?.at
    // Nothing can be read from there on: whatever is sought lies before.
    if (at === undefined || at >= since) high = middle
    else low = middle + 1
  }
  return low
})
