/**
 * Attaches a client to a session: decides where it begins, registers it, and turns its connection into frames.
 */
import { Clock, Effect } from "effect"
import { Settings } from "../config/Settings.ts"
import { SessionEnded } from "../contract/Errors.ts"
import { clampSize } from "../contract/Frames.ts"
import type { Caller, Begin as Carry } from "../contract/Handler.ts"
import type { HandedAttachment } from "../contract/Handover.ts"
import type { AttachParams, SessionClient } from "../contract/Session.ts"
import { Handover } from "../host/Handover.ts"
import { Attachment, type AttachmentOptions } from "./Attachment.ts"
import { screenSource } from "./Earlier.ts"
import { describeExit } from "./Exits.ts"
import type { Feed } from "./Feed.ts"
import { describe, type Entry, LiveSessions } from "./LiveSessions.ts"
import { Recordings } from "./Recordings.ts"
import { resolve } from "./Resolve.ts"
import type { SessionRecord, SessionStore } from "./SessionStore.ts"
import { Screens } from "./screen/Screens.ts"
import { Typists } from "./Typists.ts"
import type { TranscriptReader } from "./transcript/Transcript.ts"

let clients = 0

/** How many clients have been attached: the next one's name follows. */
export const clientsMade = (): number => clients

export const attach = Effect.fn("Sessions.attach")(function* (params: AttachParams, caller: Caller) {
  const sessions = yield* LiveSessions
  const { entry, record } = yield* resolve(params.session)
  const live = entry !== undefined && entry.live.exit === null ? entry : undefined
  if (live === undefined && params.ended !== true) {
    return yield* new SessionEnded({ session: record.name, exit: describeExit(entry?.live.exit ?? record.exit) })
  }
  const mode = params.mode ?? "write"
  const size = sizeOf(params)
  const sizedAt = live?.live.sizedAt ?? 0
  // Before the screen is drawn, so that it is drawn in the size the client has.
  if (live !== undefined && size !== null && mode === "write") live.live.resize(size.cols, size.rows)

  const { feed, source } = entry !== undefined ? yield* liveFeed(entry) : yield* endedFeed(record)
  const lossy = params.lossy ?? "screen"
  const scrollback = params.scrollback ?? 0
  const screens = yield* Screens
  const screen = Effect.flatMap(source, (it) => screens.redraw(it, { scrollback }))
  const { behind, cursor, snapshot } = yield* begin(planBegin(params, feed, sizedAt), feed, screen)
  const typist = (live?.live.typists ?? new Typists()).of(params.token, yield* Clock.currentTimeMillis)
  // What the same client holds on a connection that it has given up already.
  for (const { attachment, token } of entry?.live.attached.values() ?? [])
    if (params.token !== undefined && token === params.token)
      attachment.detach("this client came back on another connection")

  clients = Math.max(clients, (yield* Handover).received?.clients ?? 0) + 1
  const client: SessionClient = {
    id: `cli_${clients}`,
    mode,
    cols: size?.cols ?? record.cols,
    rows: size?.rows ?? record.rows,
    pid: caller.peer.pid,
    since: yield* Clock.currentTimeMillis
  }
  const { taken, unsure } = typist
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const token = params.token ?? null
  const first = { feed, lossy, cursor, snapshot, ...(behind === undefined ? {} : { behind }), typist, fork }
  yield* caller.upgrade(carry(record.id, entry, { client, token }, first))
  sessions.last = record.id
  const { attach } = yield* (yield* Settings).current
  return {
    client: client.id,
    session: describe(entry?.record ?? record, entry),
    offset: behind ?? cursor,
    escape: attach.escape,
    taken,
    ...(unsure > 0 ? { unsure } : {})
  }
})

/** Begins anew what a client was attached to under the version of the daemon before this one. */
export const reattach = Effect.fn("Sessions.reattach")(function* (restored: HandedAttachment) {
  const { client, cursor, lossy, session, token } = restored
  const { entry, record } = yield* resolve(session)
  const { feed } = entry !== undefined ? yield* liveFeed(entry) : yield* endedFeed(record)
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const typist = entry?.live.typistsBefore.get(token ?? client.id) ?? new Typists().of(undefined, 0)
  return carry(record.id, entry, { client, token }, { feed, lossy, cursor, snapshot: null, typist, fork, restored })
})

type First = Pick<
  AttachmentOptions,
  "feed" | "lossy" | "cursor" | "snapshot" | "behind" | "typist" | "fork" | "restored"
>

/** What a connection carries from here on. */
const carry =
  (
    session: string,
    entry: Entry | undefined,
    { client, token }: { readonly client: SessionClient; readonly token: string | null },
    first: First
  ): Carry =>
  (channel) => {
    const live = entry !== undefined && entry.live.exit === null ? entry.live : undefined
    const writes = live !== undefined && client.mode === "write"
    const known = () => entry?.live.attached.get(client.id)
    const attachment = new Attachment(
      {
        ...first,
        comesBack: token !== null,
        identity: () => ({ session, client: known()?.client ?? client, token }),
        onInput: (bytes, taken, notes) => {
          if (writes) return live.input(bytes, taken, notes)
          taken()
          return true
        },
        onEof: () => {
          if (writes) live.endInput()
        },
        onResize: (cols, rows) => {
          const attached = known()
          if (attached !== undefined) attached.client = { ...attached.client, cols, rows }
          if (writes) live.resize(cols, rows)
        },
        onClose: () => entry?.live.attached.delete(client.id)
      },
      channel
    )
    entry?.live.attached.set(client.id, { client, attachment, token })
    return attachment
  }

const sizeOf = ({ cols, rows }: AttachParams) =>
  cols === undefined || rows === undefined ? null : { cols: clampSize(cols), rows: clampSize(rows) }

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

const begin = Effect.fnUntraced(function* (plan: Begin, feed: Feed, screen: Feed["redraw"]) {
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

const liveFeed = Effect.fnUntraced(function* (entry: Entry) {
  const { live, recording } = entry
  const screens = yield* Screens
  const context = yield* Effect.context<Recordings | SessionStore>()
  const source = Effect.suspend(() => screenSource(entry.record, recording.reader, entry)).pipe(Effect.provide(context))
  const feed: Feed = {
    get start() {
      return live.start
    },
    get end() {
      return live.end
    },
    get exit() {
      return live.finished ? live.exit : null
    },
    recent: (offset, limit) => live.recent(offset, limit),
    recorded: recording.reader.read,
    redraw: Effect.flatMap(source, (it) => screens.redraw(it)),
    redrawAt: (offset) => Effect.flatMap(source, (it) => screens.redrawAt(it, offset))
  }
  return { feed, source }
})

/** A session that has ended is read from its transcript; without one there is only its end to tell. */
const endedFeed = Effect.fnUntraced(function* (record: SessionRecord) {
  const screens = yield* Screens
  const { exit, id, offset } = record
  const reader: TranscriptReader = yield* (yield* Recordings).read(id)
  const context = yield* Effect.context<Recordings | SessionStore>()
  const source = Effect.provide(screenSource(record, reader, undefined), context)
  const feed: Feed = {
    start: offset,
    end: offset,
    exit: exit ?? { code: null, signal: null, by: "lost", took: null, at: record.activeAt },
    recent: () => [Buffer.alloc(0), Buffer.alloc(0)],
    recorded: reader.read,
    redraw: Effect.flatMap(source, (it) => screens.redraw(it)),
    redrawAt: (offset) => Effect.flatMap(source, (it) => screens.redrawAt(it, offset))
  }
  return { feed, source }
})
