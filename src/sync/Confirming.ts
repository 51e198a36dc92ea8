/**
 * Says what this installation has, and hears what others say they have of its own.
 *
 * What one has is read off the log, so it is never more than is on disk; that it is said again, or not heard, costs nothing.
 */
import { Clock, Effect } from "effect"
import { EventLog } from "../store/EventLog.ts"
import {
  CONFIRMED,
  confirmationOrigin,
  confirmationPath,
  encodeConfirmation,
  encodeHave,
  type Have,
  isDue,
  judgeConfirmation,
  MAX_CONFIRMATION_BYTES,
  NOTHING,
  parseConfirmation
} from "./Confirmation.ts"
import { ConfirmationStore, type ConfirmedRow } from "./ConfirmationStore.ts"
import type { Until } from "./Judge.ts"
import { formatRanges, parseRanges, rangesOf } from "./Ranges.ts"
import { type QuarantineEntry, SyncStore } from "./SyncStore.ts"
import { type ChangedFile, type Remote, SyncTransport } from "./SyncTransport.ts"

/** Events of the log looked at together: the event loop is free again soon. */
const STRETCH = 4_096
/** Of so few it is not written down that they were looked at. */
const LOOKED_AT_AGAIN = 256
/** Ranges kept of one installation. With more gaps than this, which takes somebody who makes them, the oldest count as not there. */
const MAX_RANGES = 1_024
/** Files read together: some megabytes. */
const BATCH_FILES = 64

interface Changes {
  readonly all: boolean
  readonly files: ReadonlyArray<ChangedFile>
}

/** Takes in what the changed files say; answers what is to be reported of them. After the events, so that their authors are known. */
export const hear = Effect.fn("Sync.hear")(function* (remote: Remote, head: string | null, { all, files }: Changes) {
  const { workspace } = remote
  const { origin } = yield* EventLog
  const store = yield* ConfirmationStore
  const quarantine: Array<QuarantineEntry> = []
  const aside = (path: string, reason: string, until: Until = "never") =>
    quarantine.push({ path, line: 0, event: null, reason, until, excerpt: "" })
  const ours = confirmationPath(origin)
  const said = files.filter(({ path }) => path.startsWith(CONFIRMED) && path !== ours)
  if (all || files.some(({ path }) => path === ours)) yield* lookAtOurs(remote, head, ours)
  if (said.length === 0) return quarantine
  const known = new Set((yield* (yield* SyncStore).origins(workspace)).map((row) => row.origin))
  const given = yield* store.given(workspace, origin)
  const now = yield* Clock.currentTimeMillis
  const wanted = new Map<string, string>()
  for (const { path, size } of said) {
    const author = confirmationOrigin(path)
    // One that is gone takes nothing back.
    if (size === null) continue
    if (author === null) aside(path, "no agentd writes a file of this name")
    else if (size > MAX_CONFIRMATION_BYTES) aside(path, "it is larger than what any installation says it has")
    else if (!known.has(author)) aside(path, "nobody has told of the installation it speaks for yet", "author")
    else wanted.set(path, author)
  }
  const rows: Array<ConfirmedRow> = []
  for (let from = 0; from < wanted.size; from += BATCH_FILES) {
    const paths = [...wanted.keys()].slice(from, from + BATCH_FILES)
    for (const [path, bytes] of yield* (yield* SyncTransport).read(remote, head, paths)) {
      const author = wanted.get(path)!
      const heard = judgeConfirmation(author, bytes, { origin, given, now })
      if (heard.do === "quarantine") aside(path, heard.reason, heard.until)
      else {
        if (heard.excess)
          aside(path, "it confirms events that this installation has never given; the others of it count")
        rows.push({ origin: author, at: heard.at, has: heard.has })
      }
    }
  }
  if (rows.length > 0) yield* store.confirm(workspace, rows)
  return quarantine
})

/** What the branch says in our name is ours to say: something else there is replaced. */
const lookAtOurs = Effect.fnUntraced(function* (remote: Remote, head: string | null, path: string) {
  const { origin } = yield* EventLog
  const store = yield* ConfirmationStore
  const bytes = (yield* (yield* SyncTransport).read(remote, head, [path])).get(path)
  const found = bytes === undefined ? null : parseConfirmation(bytes)
  const there = bytes === undefined ? NOTHING : found?.origin === origin ? found.have : ""
  const before = yield* store.stated(remote.workspace)
  if (before.there !== there) yield* store.state(remote.workspace, { ...before, there })
})

export interface Statement {
  readonly file: readonly [path: string, bytes: Uint8Array]
  /** Writes down that it was put on the branch, or that this was tried. */
  readonly done: (success: boolean) => ReturnType<ConfirmationStore["Service"]["state"]>
}

/** What is to be said of what this installation has; null: nothing, or not now. `alone`: no events go with it. */
export const statement = Effect.fn("Sync.statement")(function* (workspace: string, alone: boolean) {
  const { last, origin } = yield* EventLog
  const store = yield* ConfirmationStore
  const before = yield* store.stated(workspace)
  const known = new Map(
    Object.entries(JSON.parse(before.known) as Readonly<Record<string, string>>).map(([of, text]) => [
      of,
      parseRanges(text) ?? []
    ])
  )
  const end = yield* last
  for (let after = before.seen; after < end; after += STRETCH) {
    const rows = yield* store.numbers(workspace, origin, { after, to: Math.min(end, after + STRETCH) })
    for (const [of, group] of Map.groupBy(rows, (row) => row.origin)) {
      const numbers = group.map(({ number }) => [number, number] as const)
      known.set(of, rangesOf([...(known.get(of) ?? []), ...numbers]).slice(-MAX_RANGES))
    }
  }
  const row = { ...before, seen: end, known: encodeKnown(known) }
  const now = yield* Clock.currentTimeMillis
  const have = encodeHave(known)
  if (!isDue({ ...row, have }, now, alone)) {
    if (row.known !== before.known || end - before.seen > LOOKED_AT_AGAIN) yield* store.state(workspace, row)
    return null
  }
  const tries = have === row.put ? row.tries + 1 : 1
  return {
    file: [confirmationPath(origin), encodeConfirmation({ origin, at: now, have })],
    done: (success) =>
      store.state(workspace, { ...row, put: have, put_at: now, tries, there: success ? have : row.there })
  } satisfies Statement
})

const encodeKnown = (known: Have) =>
  JSON.stringify(Object.fromEntries([...known].map(([origin, ranges]) => [origin, formatRanges(ranges)])))
