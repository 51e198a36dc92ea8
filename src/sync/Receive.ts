/**
 * Takes in what files of the branch hold and this installation lacks, and finds what they have lost.
 */
import { Clock, Effect } from "effect"
import { EventLog } from "../store/EventLog.ts"
import { judge, registers } from "./Judge.ts"
import { reach } from "./Milestone.ts"
import { belongs } from "./mergeFile.ts"
import { refuseOthers } from "./OtherClone.ts"
import { encodeLine, type ParsedLine, parseFile, type ShardEvent } from "./ShardLine.ts"
import { type Place, parsePath, pathOf, placeOf, rangeOf } from "./ShardPath.ts"
import { type QuarantineEntry, SyncStore } from "./SyncStore.ts"
import { type ChangedFile, MAX_FILE_BYTES, type Remote, SyncTransport } from "./SyncTransport.ts"
import { tell } from "./Telling.ts"

/** Bytes, and files, looked at together: what a cycle holds in memory. */
const BATCH_BYTES = 8 * 1024 * 1024
const BATCH_FILES = 1_000
/** Events of one transaction: the event loop is free again soon. */
const BATCH_EVENTS = 200
/** Characters of a line that is reported. */
const MAX_EXCERPT = 120

export interface Received {
  /** Events that are new here. */
  readonly events: number
  readonly quarantine: ReadonlyArray<QuarantineEntry>
  /** For each origin, the lowest number that the log has and the files do not. */
  readonly lost: ReadonlyMap<string, number>
  /** Agents were told of that nobody knew before. */
  readonly agents: boolean
}

interface Sheet {
  readonly place: Place
  readonly path: string
  readonly lines: ReadonlyArray<ParsedLine>
}

export const receive = Effect.fn("Sync.receive")(function* (
  remote: Remote,
  head: string | null,
  files: ReadonlyArray<ChangedFile>
) {
  const transport = yield* SyncTransport
  const quarantine: Array<QuarantineEntry> = []
  const lost = new Map<string, number>()
  let events = 0
  let agents = false
  for (const batch of batches(files)) {
    const wanted = batch.filter(({ path, size }) => isReadable(size) && parsePath(path) !== null)
    const contents = yield* transport.read(
      remote,
      head,
      wanted.map(({ path }) => path)
    )
    const sheets: Array<Sheet> = []
    for (const { path, size } of batch) {
      const place = parsePath(path)
      const bytes = contents.get(path)
      if (place === null) {
        if (path.startsWith("v1/") && size !== null)
          quarantine.push(ofFile(path, "no agentd writes a file of this name"))
        continue
      }
      const lines = bytes === undefined ? [] : parseFile(bytes)
      if (size !== null && bytes === undefined) quarantine.push(ofFile(path, "it is larger than any file of events"))
      if (lines === null) quarantine.push(ofFile(path, "it has more lines than any file of events"))
      sheets.push({ place, path, lines: lines ?? [] })
    }
    yield* refuseOthers(
      remote.workspace,
      sheets.flatMap(({ lines }) => lines)
    )
    const taken = yield* take(remote.workspace, sheets)
    events += taken.events
    agents ||= taken.agents
    quarantine.push(...taken.quarantine)
    for (const { lines, place } of sheets) {
      const there = new Set(lines.flatMap((line) => (belongs(place, line) ? [line.event.seq] : [])))
      for (const seq of yield* numbersOf(remote.workspace, place)) {
        if (!there.has(seq)) lost.set(place.origin, Math.min(seq, lost.get(place.origin) ?? seq))
      }
    }
    yield* reach("taken")
  }
  return { events, quarantine, lost, agents } satisfies Received
})

const isReadable = (size: number | null) => size !== null && size <= MAX_FILE_BYTES

/** Files one after the other, so many together as fit into memory. */
const batches = function* (files: ReadonlyArray<ChangedFile>): Generator<ReadonlyArray<ChangedFile>> {
  let batch: Array<ChangedFile> = []
  let bytes = 0
  for (const file of files) {
    const size = isReadable(file.size) ? file.size! : 0
    if (batch.length > 0 && (bytes + size > BATCH_BYTES || batch.length >= BATCH_FILES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(file)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

const ofFile = (path: string, reason: string): QuarantineEntry => ({
  path,
  line: 0,
  event: null,
  reason,
  until: "never",
  excerpt: ""
})

const take = Effect.fnUntraced(function* (workspace: string, sheets: ReadonlyArray<Sheet>) {
  const store = yield* SyncStore
  const now = yield* Clock.currentTimeMillis
  const quarantine: Array<QuarantineEntry> = []
  const all = sheets.flatMap(({ lines, path, place }) =>
    lines.map((line, index) => ({ path, place, line, number: index + 1 }))
  )
  // In the order of numbers: who speaks was registered before.
  const ordered = all.toSorted((a, b) =>
    a.place.origin === b.place.origin ? seqOf(a.line) - seqOf(b.line) : a.place.origin < b.place.origin ? -1 : 1
  )
  const mentioned = all.flatMap(({ line }) => (line._tag === "event" ? agentsIn(line.event) : []))
  const homes = new Map(yield* store.homes(workspace, [...new Set(mentioned)]))
  const taken: Array<{ readonly event: ShardEvent; readonly path: string; readonly number: number }> = []
  let agents = false
  for (const { line, number, path, place } of ordered) {
    const verdict = judge(place, line, { now, home: (agent) => homes.get(agent) })
    if (verdict.do === "quarantine") {
      const { event, reason, until } = verdict
      const excerpt = line.text.slice(0, MAX_EXCERPT)
      quarantine.push({ path, line: number, event: event?.id ?? null, reason, until, excerpt })
      continue
    }
    taken.push({ event: verdict.event, path, number })
    const agent = registers(verdict.event)
    if (agent !== null && !homes.has(agent)) {
      homes.set(agent, verdict.event.origin)
      agents = true
    }
  }
  const { events, others } = yield* keep(
    workspace,
    taken.map(({ event }) => event)
  )
  for (const { event, number, path } of taken) {
    if (!others.has(event)) continue
    const reason = "its id or its number belongs to another event already"
    quarantine.push({ path, line: number, event: event.id, reason, until: "never", excerpt: "" })
  }
  return { events, quarantine, agents }
})

const seqOf = (line: ParsedLine) => (line._tag === "event" ? line.event.seq : 0)

/** Ids of agents anywhere in it. */
const agentsIn = ({ body }: ShardEvent): ReadonlyArray<string> => body.match(/agt_[0-9A-HJKMNP-TV-Z]{26}/g) ?? []

/** Puts them into the log; `others` are those whose place in it is taken. */
const keep = Effect.fnUntraced(function* (workspace: string, events: ReadonlyArray<ShardEvent>) {
  const log = yield* EventLog
  const store = yield* SyncStore
  const others = new Set<ShardEvent>()
  let count = 0
  for (let from = 0; from < events.length; from += BATCH_EVENTS) {
    const batch = events.slice(from, from + BATCH_EVENTS)
    const fresh = new Set(
      yield* log.takeIn(
        batch.map(({ at, body, clock, id, origin, seq, type }) => ({
          id,
          at,
          type,
          body,
          stamp: { workspace, origin, seq, clock }
        }))
      )
    )
    count += fresh.size
    const old = batch.filter(({ id }) => !fresh.has(id))
    const known = yield* store.places(
      workspace,
      old.map(({ id }) => id)
    )
    for (const event of old) if (known.get(event.id) !== `${event.origin} ${event.seq}`) others.add(event)
  }
  return { events: count, others }
})

/** Numbers of the log's events that belong into a file. */
const numbersOf = Effect.fnUntraced(function* (workspace: string, place: Place) {
  const [first, last] = place.seq === null ? rangeOf(place.segment) : [place.seq, place.seq]
  const { events } = yield* tell({ workspace, origin: place.origin, after: first - 1, to: last })
  const path = pathOf(place)
  return events.flatMap((event) =>
    pathOf(placeOf(event.origin, event.seq, encodeLine(event))) === path ? [event.seq] : []
  )
})
