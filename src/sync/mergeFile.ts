/**
 * A file of the branch after what it lacks was added: the union, by number, of what it holds and what this installation knows.
 *
 * Nothing that lies there is dropped or changed. What cannot be read, or lies where it does not belong, stays at the end of the
 * file as it is; a number that is taken by another event stays that event's. A file beyond every measure is written anew: git's
 * history still has what lay there.
 */
import { encodeLine, type ParsedLine, parseFile, type ShardEvent } from "./ShardLine.ts"
import { type Place, pathOf, placeOf } from "./ShardPath.ts"

export interface Merged {
  /** Null: the file has all of it already. */
  readonly content: Uint8Array | null
  /** Events it lacked. */
  readonly added: number
  /** Numbers of ours that another event has taken there. */
  readonly conflicts: ReadonlyArray<number>
}

/** Does the line belong into the file? */
export const belongs = (place: Place, line: ParsedLine): line is Extract<ParsedLine, { readonly _tag: "event" }> =>
  line._tag === "event" &&
  line.event.origin === place.origin &&
  pathOf(placeOf(place.origin, line.event.seq, line.text)) === pathOf(place)

export const mergeFile = (place: Place, there: Uint8Array, ours: ReadonlyArray<ShardEvent>): Merged => {
  const events = new Map<number, { readonly id: string; readonly text: string }>()
  const others = new Map<string, ParsedLine["encoding"]>()
  for (const line of parseFile(there) ?? []) {
    if (belongs(place, line) && !events.has(line.event.seq)) {
      events.set(line.event.seq, { id: line.event.id, text: line.text })
    } else others.set(line.text, line.encoding)
  }
  const conflicts: Array<number> = []
  let added = 0
  for (const event of ours) {
    const before = events.get(event.seq)
    if (before === undefined) {
      events.set(event.seq, { id: event.id, text: encodeLine(event) })
      added += 1
    } else if (before.id !== event.id) conflicts.push(event.seq)
  }
  if (added === 0) return { content: null, added, conflicts }
  const sorted = [...events].toSorted(([a], [b]) => a - b).map(([, { text }]) => Buffer.from(`${text}\n`))
  const kept = [...others].map(([text, encoding]) => Buffer.from(`${text}\n`, encoding))
  return { content: Buffer.concat([...sorted, ...kept]), added, conflicts }
}
