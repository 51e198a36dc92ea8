/**
 * One exchange: fetch, take in, publish what the branch lacks, and write down how far that came.
 *
 * Every step may be done again: an event is taken in once by its id, a file is a union by number, and the cursors move only after
 * what they speak of is on disk or on the branch. So a cycle may end anywhere, and the next one goes on.
 */
import { Clock, Effect, Random } from "effect"
import { type StorageUnavailable, SyncFailed } from "../contract/errors/Errors.ts"
import { EventLog } from "../store/EventLog.ts"
import type { ConfirmationStore } from "./ConfirmationStore.ts"
import { hear, statement } from "./Confirming.ts"
import { reach } from "./Milestone.ts"
import { bundle } from "./Publish.ts"
import { receive } from "./Receive.ts"
import { SyncStore } from "./SyncStore.ts"
import { type Overtaken, type Remote, SyncTransport } from "./SyncTransport.ts"

/** Times somebody else may be faster within one cycle; the next cycle tries again. */
const MAX_ATTEMPTS = 6
/** Milliseconds to wait after the first of them, twice as long after each, give or take half of it. */
const PAUSE_MS = 100

export interface Outcome {
  readonly received: number
  readonly sent: number
  readonly quarantined: number
}

type Needs = ConfirmationStore | EventLog | SyncStore | SyncTransport

export const cycle = Effect.fn("Sync.cycle")(function* (
  remote: Remote,
  options: { readonly again: boolean }
): Effect.fn.Return<Outcome, SyncFailed | StorageUnavailable, Needs> {
  let received = 0
  let quarantined = 0
  for (let attempt = 0; ; attempt++) {
    const taken = yield* takeIn(remote, options.again && attempt === 0)
    received += taken.received
    quarantined += taken.quarantined
    const put = yield* publishAll(remote, taken.head).pipe(Effect.catchTag("Overtaken", Effect.succeed))
    if (typeof put === "number") return { received, sent: put, quarantined }
    if (attempt + 1 >= MAX_ATTEMPTS) {
      return yield* new SyncFailed({
        reason:
          put.locked === null
            ? `others were faster ${MAX_ATTEMPTS} times; it is tried again with the next cycle`
            : `the remote's branch is locked by ${put.locked}. If nothing is at work on it, that was left by a git that was cut off: remove it there`
      })
    }
    yield* Effect.sleep(PAUSE_MS * 2 ** attempt * ((yield* Random.next) + 0.5))
  }
})

/** `again`: look once more at what was quarantined, whatever it waits for. */
const takeIn = Effect.fnUntraced(function* (remote: Remote, again: boolean) {
  const transport = yield* SyncTransport
  const store = yield* SyncStore
  const { workspace } = remote
  const before = (yield* store.get(workspace))?.head ?? null
  const head = yield* transport.fetch(remote)
  yield* reach("fetched")
  const changes = head === before ? { all: false, files: [] } : yield* transport.changes(remote, before, head)
  const first = yield* receive(remote, head, changes.files)
  const waiting = yield* waitingFiles(workspace, new Set(changes.files.map(({ path }) => path)), first.agents, again)
  const second = yield* receive(remote, head, waiting)
  const now = yield* Clock.currentTimeMillis
  const files = [...changes.files, ...waiting]
  if (files.length === 0 && head === before) return { head, received: 0, quarantined: 0 }
  const cursors = new Map<string, number>()
  const known = yield* store.cursors(workspace)
  // All of the log is compared with a branch that is not the one of before.
  if (changes.all) for (const origin of known.keys()) cursors.set(origin, 0)
  const at = (origin: string): number => cursors.get(origin) ?? known.get(origin) ?? 0
  for (const { lost } of [first, second]) {
    for (const [origin, seq] of lost) cursors.set(origin, Math.min(at(origin), seq - 1))
  }
  const examined = changes.all ? ("all" as const) : files.map(({ path }) => path)
  const quarantine = [
    ...first.quarantine,
    ...second.quarantine,
    ...(yield* hear(remote, head, { all: changes.all, files }))
  ]
  yield* store.advance(workspace, { head, cursors, examined, quarantine }, now)
  yield* reach("examined")
  return { head, received: first.events + second.events, quarantined: quarantine.length }
})

/** Files with lines that wait for what may have come about by now. */
const waitingFiles = Effect.fnUntraced(function* (
  workspace: string,
  seen: ReadonlySet<string>,
  agents: boolean,
  again: boolean
) {
  const now = yield* Clock.currentTimeMillis
  const entries = yield* (yield* SyncStore).quarantine(workspace)
  const due = entries.filter(
    ({ path, until }) =>
      !seen.has(path) && (again || (until === "author" && agents) || (typeof until === "number" && until <= now))
  )
  return [...new Set(due.map(({ path }) => path))].map((path) => ({ path, size: 0 }))
})

const publishAll = Effect.fnUntraced(function* (
  remote: Remote,
  start: string | null
): Effect.fn.Return<number, SyncFailed | Overtaken | StorageUnavailable, Needs> {
  const transport = yield* SyncTransport
  const store = yield* SyncStore
  const { origin } = yield* EventLog
  let head = start
  let sent = 0
  for (;;) {
    const part = yield* bundle(remote, head, yield* store.cursors(remote.workspace))
    const { cursors, files, held } = part
    // Who has told nothing is known to nobody, and what it has is nobody's question. Where what one has cannot be said alone, as
    // on a remote that is read-only, the exchange has succeeded all the same: no events depend on it.
    const said = cursors.has(origin) ? yield* statement(remote.workspace, files.size === 0) : null
    const before = head
    if (files.size > 0 || said !== null) {
      const publishing = transport.publish(remote, head, said === null ? files : new Map([...files, said.file]))
      head = yield* files.size > 0
        ? publishing
        : Effect.catchTag(publishing, "SyncFailed", () => Effect.succeed(before))
    }
    yield* reach("published")
    if (said !== null) yield* said.done(head !== before)
    yield* store.advance(remote.workspace, { head, cursors, held }, yield* Clock.currentTimeMillis)
    yield* reach("recorded")
    sent += part.events
    const [conflict] = part.conflicts
    if (conflict !== undefined) return yield* new SyncFailed({ reason: taken(conflict) })
    if (!part.more) return sent
  }
})

/** The cursor has passed it all the same: what can be told is told. */
const taken = ({ origin, seq }: { readonly origin: string; readonly seq: number }) =>
  `the branch has another event under number ${seq} of ${origin}: this database was restored from an older copy, or somebody else writes in its name; what is new is sent all the same`
