/**
 * Changes to a session that is there: its name, tags and size, what is typed into it, who is attached.
 */
import { Effect } from "effect"
import { AgentTaken, Busy, InvalidParams, NameTaken, SessionRunning } from "../contract/errors/Errors.ts"
import { clampSize } from "../contract/Frames.ts"
import type { AgentRef } from "../contract/Identity.ts"
import { MAX_INPUT_BACKLOG, MAX_INPUT_BYTES } from "../contract/Limits.ts"
import type { Params } from "../contract/Methods.ts"
import { ProcessTable } from "../host/processes/ProcessTable.ts"
import { EventLog } from "../store/EventLog.ts"
import { screenSource } from "./Earlier.ts"
import { dependsOnModes, encodeKey, encodePaste, FRESH } from "./input/Keys.ts"
import { describe, type Entry, LiveSessions } from "./life/LiveSessions.ts"
import { forget } from "./life/Retain.ts"
import { Supervisor } from "./life/Supervisor.ts"
import { resolve, resolveLive } from "./reach/Resolve.ts"
import type { SessionRecord } from "./SessionStore.ts"
import { Screens } from "./screen/Screens.ts"

/** Tags one session may have, however they were given. */
const MAX_TAGS = 32

export const rename = Effect.fn("Sessions.rename")((params: Params<"session.rename">) =>
  Effect.flatMap(LiveSessions, ({ oneChange }) => oneChange(renameNow(params)))
)

const renameNow = Effect.fnUntraced(function* ({ name, session }: Params<"session.rename">) {
  const sessions = yield* LiveSessions
  const { entry, record } = yield* resolve(session)
  if (record.name === name) return describe(record, entry)
  const { id } = record
  // Only living sessions own their names.
  if (entry !== undefined) {
    const holder = sessions.names.claim(name, id)
    if (holder !== null) return yield* new NameTaken({ name, holder })
  }
  const { append } = yield* EventLog
  yield* append({ type: "session.renamed", session: id, name }).pipe(
    Effect.onError(() => Effect.sync(() => sessions.names.release(name, id)))
  )
  // It may have ended meanwhile, and then owns no name at all.
  sessions.names.release(sessions.entries.has(id) ? record.name : name, id)
  return updated(record, { name }, entry)
})

export const tag = Effect.fn("Sessions.tag")((params: Params<"session.tag">) =>
  Effect.flatMap(LiveSessions, ({ oneChange }) => oneChange(tagNow(params)))
)

const tagNow = Effect.fnUntraced(function* ({ add = [], remove = [], session }: Params<"session.tag">) {
  const { entry, record } = yield* resolve(session)
  const tags = [...new Set([...record.tags, ...add])].filter((one) => !remove.includes(one))
  if (tags.length > MAX_TAGS) {
    return yield* new InvalidParams({ field: "add", reason: `a session has at most ${MAX_TAGS} tags` })
  }
  const { append } = yield* EventLog
  yield* append({ type: "session.tagged", session: record.id, tags })
  return updated(record, { tags }, entry)
})

/** What it is for. The caller's own session, unless another is named. */
export const purpose = Effect.fn("Sessions.purpose")(function* (params: Params<"session.purpose">, own: string | null) {
  const reference = params.session ?? own
  if (reference === null) {
    return yield* new InvalidParams({ field: "session", reason: "you are in no session, so one has to be named" })
  }
  return yield* change(reference, (record) => ({
    agent: record.agent,
    intent: params.intent === undefined ? record.intent : params.intent,
    task: params.task === undefined ? record.task : params.task
  }))
})

/** From now on the session acts for this agent, or for none. */
export const assign = Effect.fn("Sessions.assign")(function* (session: string, agent: AgentRef | null) {
  const sessions = yield* LiveSessions
  const { agents, entries } = sessions
  const before = entries.get(session)?.record.agent?.id ?? ""
  const holder = agent === null ? null : agents.claim(agent.id, session)
  if (holder !== null && holder !== session) return yield* actsAlready(agent!, holder, sessions)
  const release = (id: string) => (id === before ? Effect.void : Effect.sync(() => agents.release(id, session)))
  const changed = yield* change(session, ({ intent, task }) => ({ agent, intent, task })).pipe(
    Effect.onError(() => release(agent?.id ?? ""))
  )
  // It may have ended meanwhile, and then acts for nobody.
  if (!entries.has(session)) agents.release(agent?.id ?? "", session)
  else if (agent?.id !== before) agents.release(before, session)
  return changed
})

/** One agent speaks from one session: two would read each other's messages. */
export const actsAlready = ({ name }: AgentRef, holder: string, { entries }: LiveSessions["Service"]): AgentTaken => {
  const session = entries.get(holder)?.record.name ?? "that is being started"
  const reason = `the live session ${session} acts for it. Stop that session, or choose another name.`
  return new AgentTaken({ name, reason })
}

type Assignment = Pick<SessionRecord, "agent" | "intent" | "task">

const change = Effect.fnUntraced(function* (reference: string, next: (record: SessionRecord) => Assignment) {
  const { oneChange } = yield* LiveSessions
  return yield* oneChange(
    Effect.gen(function* () {
      const { entry, record } = yield* resolve(reference)
      const assignment = next(record)
      const same = (["intent", "task"] as const).every((key) => assignment[key] === record[key])
      // What says nothing new is no event: programs tell their task again and again.
      if (same && assignment.agent?.id === record.agent?.id) return describe(record, entry)
      const { append } = yield* EventLog
      yield* append({ type: "session.assigned", session: record.id, ...assignment })
      return updated(record, assignment, entry)
    })
  )
})

const updated = (
  record: SessionRecord,
  change: Partial<SessionRecord>,
  entry: { record: SessionRecord } | undefined
) => {
  const next = { ...record, ...change }
  if (entry !== undefined) entry.record = next
  return describe(next, entry as Parameters<typeof describe>[1])
}

/** The size is recorded when the session ends or is asked for: a window being dragged changes it fifty times a second. */
export const resize = Effect.fn("Sessions.resize")(function* ({ cols, rows, session }: Params<"session.resize">) {
  const entry = yield* resolveLive(session)
  entry.live.resize(clampSize(cols), clampSize(rows))
  return describe(entry.record, entry)
})

export const input = Effect.fn("Sessions.input")(function* (params: Params<"session.input">) {
  const { base64, keys, paste, session, text } = params
  if ((base64 === undefined) === (text === undefined && keys === undefined)) {
    return yield* new InvalidParams({ field: "", reason: 'one of "text", "base64" and "keys" is needed' })
  }
  const entry = yield* resolveLive(session)
  const { live } = entry
  const bytes =
    base64 !== undefined
      ? Buffer.from(base64, "base64")
      : keys === undefined && paste !== true
        ? Buffer.from(text!)
        : yield* typed(params, entry)
  if (bytes.length > MAX_INPUT_BYTES) {
    return yield* new InvalidParams({
      field: text !== undefined ? "text" : "base64",
      reason: `more than ${MAX_INPUT_BYTES} bytes`
    })
  }
  if (live.input.backlog + bytes.length > MAX_INPUT_BACKLOG) {
    return yield* new Busy({ what: "bytes of input that a program has not read yet", limit: MAX_INPUT_BACKLOG })
  }
  live.input.write(bytes)
  return { bytes: bytes.length }
})

/** What depends on the modes that the program has switched its terminal to. */
const typed = Effect.fnUntraced(function* (
  { keys = [], paste = false, text = "" }: Params<"session.input">,
  entry: Entry
) {
  const screens = yield* Screens
  // Most keys are the same in every mode, and need no emulator.
  const modes =
    paste || keys.some(dependsOnModes)
      ? yield* screens.keyModes(yield* screenSource(entry.record, entry.recording.reader, entry))
      : FRESH
  const encoded = keys.map((name) => ({ name, sent: encodeKey(name, modes) }))
  const unknown = encoded.find(({ sent }) => sent === null)
  if (unknown !== undefined) {
    return yield* new InvalidParams({
      field: "keys",
      reason: `"${unknown.name}" is no key; keys are single characters, Enter, Tab, Escape, Space, BSpace, Up, Down, Left, Right, Home, End, PageUp, PageDown, Insert, Delete, F1 to F12, with C-, M- or S- before them`
    })
  }
  return Buffer.from((paste ? encodePaste(text, modes) : text) + encoded.map(({ sent }) => sent).join(""))
})

/** As the keys Ctrl-C and Ctrl-Z would, also where input does not go to the terminal. */
export const signal = Effect.fn("Sessions.signal")(function* (params: Params<"session.signal">) {
  const { live } = yield* resolveLive(params.session)
  const table = yield* ProcessTable
  const { pid } = live.launched
  // Without a foreground the program's own group: it leads one, as every program on a terminal of its own does.
  const group = table.foreground(pid) ?? pid
  table.signal(-group, params.signal)
  return { group }
})

export const detach = Effect.fn("Sessions.detach")(function* ({ client, session }: Params<"session.detach">) {
  const { live } = yield* resolveLive(session)
  const chosen = [...live.clients.attached.values()].filter((one) => client === undefined || one.client.id === client)
  for (const { attachment } of chosen) attachment.detach("detached by another client")
  return { detached: chosen.length }
})

/** Stopping what has ended already is done already. */
export const stop = Effect.fn("Sessions.stop")(function* ({ graceMs, session }: Params<"session.stop">) {
  const { entry, record } = yield* resolve(session)
  if (entry !== undefined) yield* (yield* Supervisor).end(entry, "stop", graceMs)
  return record.id
})

export const remove = Effect.fn("Sessions.remove")(function* ({ force, session }: Params<"session.remove">) {
  const { entry, record } = yield* resolve(session)
  if (entry !== undefined) {
    if (force !== true) return yield* new SessionRunning({ session: record.name })
    const supervisor = yield* Supervisor
    yield* supervisor.end(entry, "stop")
  }
  yield* (yield* Supervisor).settled(record.id)
  yield* forget(record.id, "request")
  return { id: record.id }
})
