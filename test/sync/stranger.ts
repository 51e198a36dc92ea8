/** An installation that nobody has met, as far as the branch shows it: its file of events, and lines that it might have written. */
import { encodeLine } from "../../src/sync/ShardLine.ts"
import { pathOf } from "../../src/sync/ShardPath.ts"

export const STRANGER = "ins_00000000000000000BAD"

/** Where its events lie. */
export const shard = pathOf({ origin: STRANGER, segment: 0, seq: null })

export const numbered = (prefix: "agt" | "evt" | "msg", seq: number | string): string =>
  `${prefix}_${String(seq).padStart(26, "0")}`

/** A line of its file; a `body` that is a text stands there as it is. */
export const stranger = (
  seq: number,
  body: object | string,
  more: { readonly id?: string; readonly clock?: string; readonly origin?: string } = {}
): string =>
  encodeLine({
    id: numbered("evt", seq),
    at: 1,
    origin: STRANGER,
    seq,
    clock: String(seq).padStart(16, "0"),
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...more
  })
