/**
 * What the branch lacks of what the log has, as files to be put upon it: as much as one commit takes.
 */
import { Effect } from "effect"
import { mergeFile } from "./mergeFile.ts"
import { encodeLine, type ShardEvent } from "./ShardLine.ts"
import { type Place, pathOf, placeOf } from "./ShardPath.ts"
import { SyncStore } from "./SyncStore.ts"
import { type Remote, SyncTransport } from "./SyncTransport.ts"
import { type Told, tell } from "./Telling.ts"

/** Events of one commit: what is held in memory, and what is lost when a push is cut off. */
const MAX_EVENTS = 4_096
/** Bytes of their bodies; one event is taken whatever it has. */
const MAX_BYTES = 8 * 1024 * 1024

export interface Bundle {
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Events in it that the branch does not have. */
  readonly events: number
  /** Where the cursors stand once it is on the branch. */
  readonly cursors: ReadonlyMap<string, number>
  readonly held: Told["held"]
  /** Numbers of ours that another event has on the branch. */
  readonly conflicts: ReadonlyArray<{ readonly origin: string; readonly seq: number }>
  readonly more: boolean
}

export const bundle = Effect.fn("Sync.bundle")(function* (
  remote: Remote,
  head: string | null,
  cursors: ReadonlyMap<string, number>
) {
  const transport = yield* SyncTransport
  const store = yield* SyncStore
  const { workspace } = remote
  const taken: Array<ShardEvent> = []
  const held: Array<Told["held"][number]> = []
  const moved = new Map<string, number>()
  let bytes = 0
  let more = false
  for (const { last, origin } of yield* store.origins(workspace)) {
    let after = cursors.get(origin) ?? 0
    while (after < last && !more) {
      const page = yield* tell({ workspace, origin, after, to: last })
      let upTo = page.next ?? last
      for (const event of page.events) {
        if (taken.length > 0 && (taken.length >= MAX_EVENTS || bytes + event.body.length > MAX_BYTES)) {
          upTo = event.seq - 1
          more = true
          break
        }
        taken.push(event)
        bytes += event.body.length
      }
      held.push(...page.held.filter(({ seq }) => seq <= upTo))
      after = upTo
    }
    moved.set(origin, after)
    if (more) break
  }
  const places = new Map<string, { readonly place: Place; readonly events: Array<ShardEvent> }>()
  for (const event of taken) {
    const place = placeOf(event.origin, event.seq, encodeLine(event))
    const path = pathOf(place)
    const group = places.get(path) ?? { place, events: [] }
    places.set(path, group)
    group.events.push(event)
  }
  const there = yield* transport.read(remote, head, [...places.keys()])
  const files = new Map<string, Uint8Array>()
  const conflicts: Array<Bundle["conflicts"][number]> = []
  let events = 0
  for (const [path, { events: ours, place }] of places) {
    const merged = mergeFile(place, there.get(path) ?? new Uint8Array(), ours)
    conflicts.push(...merged.conflicts.map((seq) => ({ origin: place.origin, seq })))
    events += merged.added
    if (merged.content !== null) files.set(path, merged.content)
  }
  return { files, events, cursors: moved, held, conflicts, more } satisfies Bundle
})
