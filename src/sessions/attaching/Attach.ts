/**
 * Attaches a client to a session: decides where it begins, registers it, and turns its connection into frames.
 */
import { Clock, Effect } from "effect"
import { Settings } from "../../config/Settings.ts"
import { SessionEnded } from "../../contract/errors/Errors.ts"
import { clampSize } from "../../contract/Frames.ts"
import type { Caller } from "../../contract/Handler.ts"
import type { HandedAttachment } from "../../contract/Handover.ts"
import type { SessionClient } from "../../contract/session/Session.ts"
import type { AttachParams } from "../../contract/session/SessionTerminal.ts"
import { Directories } from "../../host/files/Directories.ts"
import { ProcessTable } from "../../host/processes/ProcessTable.ts"
import { Handover } from "../../host/self/Handover.ts"
import { optimiseSoon } from "../../host/self/Optimiser.ts"
import { Typists } from "../input/Typists.ts"
import { describeExit } from "../launching/Exits.ts"
import { describe, type Entry, LiveSessions } from "../life/LiveSessions.ts"
import { resolve } from "../reach/Resolve.ts"
import { Refreshed, refreshedDirectory } from "../running/Refreshed.ts"
import { Screens } from "../screen/Screens.ts"
import { begin, planBegin } from "./Begin.ts"
import { carry } from "./Carry.ts"
import { endedFeed, liveFeed } from "./Feeds.ts"

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
  const typist = (live?.live.input.typists ?? new Typists()).of(params.token, yield* Clock.currentTimeMillis)
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

  optimiseSoon()
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
  const typist = entry?.live.input.typistsBefore.get(token ?? client.id) ?? new Typists().of(undefined, 0)
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

const sizeOf = ({ cols, rows }: AttachParams) =>
  cols === undefined || rows === undefined ? null : { cols: clampSize(cols), rows: clampSize(rows) }
