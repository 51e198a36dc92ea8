/**
 * Attaches a client to a session: decides where it begins, registers it, and turns its connection into frames.
 */
import { Clock, Effect } from "effect"
import { Settings } from "../config/Settings.ts"
import { SessionEnded } from "../contract/errors/Errors.ts"
import { clampSize, RoleWanted } from "../contract/Frames.ts"
import type { Caller, Begin as Carry } from "../contract/Handler.ts"
import type { HandedAttachment } from "../contract/Handover.ts"
import type { SessionClient } from "../contract/session/Session.ts"
import type { AttachParams, OfferKind } from "../contract/session/SessionTerminal.ts"
import { Directories } from "../host/files/Directories.ts"
import { ProcessTable } from "../host/processes/ProcessTable.ts"
import { Handover } from "../host/self/Handover.ts"
import { Attachment, type AttachmentOptions } from "./attachment/Attachment.ts"
import type { Feed } from "./attachment/Feed.ts"
import { screenSource } from "./Earlier.ts"
import { Typists } from "./input/Typists.ts"
import { describeExit } from "./launching/Exits.ts"
import { describe, type Entry, LiveSessions } from "./life/LiveSessions.ts"
import { resolve } from "./reach/Resolve.ts"
import { Refreshed, refreshedDirectory } from "./running/Refreshed.ts"
import type { SessionRecord, SessionStore } from "./SessionStore.ts"
import { Screens } from "./screen/Screens.ts"
import { Recordings } from "./transcript/Recordings.ts"
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
  const { attach: configured } = yield* (yield* Settings).current
  const size = sizeOf(params)
  const sizedAt = live?.live.sizedAt ?? 0
  const typist = (live?.live.typists ?? new Typists()).of(params.token, yield* Clock.currentTimeMillis)
  const takes = params.mode === "take"
  // Another has taken the session while this one was away: it does not take it back.
  const mode = params.mode === "view" || (typist.viewer && !takes) ? "view" : "write"
  const present = live?.live.clients
  if (present !== undefined) {
    present.policy = params.size ?? (present.attached.size === 0 ? configured.size : present.policy)
    if (size !== null && mode === "write") present.expect(size)
  }

  const { feed, source } = entry !== undefined ? yield* liveFeed(entry) : yield* endedFeed(record)
  const lossy = params.lossy ?? "screen"
  const scrollback = params.scrollback ?? 0
  const screens = yield* Screens
  const screen = Effect.flatMap(source, (it) => screens.redraw(it, { scrollback }))
  const { behind, cursor, snapshot } = yield* begin(planBegin(params, feed, sizedAt), feed, screen)
  // What the same client holds on a connection that it has given up already.
  for (const { attachment, token } of entry?.live.clients.attached.values() ?? [])
    if (params.token !== undefined && token === params.token)
      attachment.detach("this client came back on another connection")

  clients = Math.max(clients, (yield* Handover).received?.clients ?? 0) + 1
  const client: SessionClient = {
    id: `cli_${clients}`,
    mode,
    cols: size?.cols ?? record.cols,
    rows: size?.rows ?? record.rows,
    pid: caller.peer.pid,
    tty: caller.peer.pid === null ? null : (yield* ProcessTable).tty(caller.peer.pid),
    since: yield* Clock.currentTimeMillis
  }
  const { taken, unsure } = typist
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  if (live !== undefined && mode === "write" && params.env !== undefined && configured.environment === "refresh") {
    yield* refresh(live, client.id, params.env)
  }
  const accepts = params.accepts ?? []
  const who = { client, token: params.token ?? null, terminal: size !== null, accepts }
  const first = { feed, lossy, cursor, snapshot, ...(behind === undefined ? {} : { behind }), typist, fork }
  yield* caller.upgrade(carry(record.id, entry, { ...who, takes }, first))
  sessions.last = record.id
  return {
    client: client.id,
    session: describe(entry?.record ?? record, entry),
    offset: behind ?? cursor,
    escape: configured.escape,
    taken,
    ...(live?.live.refreshed?.leadsTo(client.id) === true ? { sshAgent: true } : {}),
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
  const who = {
    client,
    token,
    terminal: restored.terminal ?? token !== null,
    takes: false,
    accepts: restored.accepts ?? []
  }
  if (entry !== undefined && restored.variables !== undefined) yield* refresh(entry, client.id, restored.variables)
  return carry(record.id, entry, who, { feed, lossy, cursor, snapshot: null, typist, fork, restored })
})

type First = Pick<
  AttachmentOptions,
  "feed" | "lossy" | "cursor" | "snapshot" | "behind" | "typist" | "fork" | "restored"
>

interface Who {
  readonly client: SessionClient
  readonly token: string | null
  readonly terminal: boolean
  readonly takes: boolean
  readonly accepts: ReadonlyArray<OfferKind>
}

/** What a connection carries from here on. */
const carry =
  (session: string, entry: Entry | undefined, { accepts, client, takes, terminal, token }: Who, first: First): Carry =>
  (channel) => {
    const live = entry !== undefined && entry.live.exit === null ? entry.live : undefined
    const clients = entry?.live.clients
    const may = () => live?.clients.types(client.id) === true
    const take = () => live?.clients.take(client.id, (it) => live.typists.allView(it))
    const attachment = new Attachment(
      {
        ...first,
        comesBack: token !== null,
        identity: () => ({
          session,
          client: clients?.attached.get(client.id)?.client ?? client,
          token,
          terminal,
          accepts,
          answers: clients?.answers(client.id) === true,
          ...variablesOf(entry, client.id)
        }),
        onInput: (bytes, taken, notes) => {
          if (may()) return live!.input(bytes, taken, notes)
          taken()
          return true
        },
        onEof: () => {
          if (may()) live!.endInput()
        },
        onResize: (cols, rows) => clients?.resized(client.id, cols, rows),
        onRole: (wanted) => {
          if (wanted === RoleWanted.Take) take()
          else live?.clients.mode(client.id, wanted === RoleWanted.Write ? "write" : "view")
        },
        onClose: () => {
          clients?.delete(client.id)
          // With the session its files go, and must not be written once more.
          if (entry?.live.exit === null) entry.live.refreshed?.delete(client.id)
        }
      },
      channel
    )
    const attached = {
      client,
      attachment,
      token,
      accepts,
      typist: first.typist,
      terminal: terminal && live !== undefined
    }
    if (first.restored !== undefined) clients?.restore(client.id, attached, first.restored.answers === true)
    else clients?.add(client.id, attached)
    if (takes) take()
    attachment.begin()
    return attachment
  }

/** The session's variables follow this client. What goes wrong there is no reason not to attach. */
const refresh = Effect.fnUntraced(function* (
  { live, record }: Entry,
  client: string,
  env: Readonly<Record<string, string>>
) {
  const table = yield* ProcessTable
  const { runtime } = yield* Directories
  yield* Effect.try(() => {
    live.refreshed ??= new Refreshed(refreshedDirectory(runtime, record.id), (name) =>
      table.environment(live.launched.pid, name)
    )
    live.refreshed.add(client, env)
  }).pipe(Effect.catch((cause) => Effect.logWarning(`the environment of ${record.name} was not refreshed`, cause)))
})

const variablesOf = (entry: Entry | undefined, client: string) => {
  const variables = entry?.live.refreshed?.of(client)
  return variables === undefined ? {} : { variables }
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
