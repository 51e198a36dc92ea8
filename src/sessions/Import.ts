/**
 * Takes in what a standalone run recorded elsewhere: its events, with their ids and times, and its transcripts.
 */
import { cpSync, existsSync, renameSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer, Option } from "effect"
import type { Event } from "../contract/Event.ts"
import { Conflict, NameTaken } from "../contract/errors/Errors.ts"
import type { Params } from "../contract/Methods.ts"
import { EventLog } from "../store/EventLog.ts"
import { Sqlite } from "../store/Sqlite.ts"
import { LiveSessions } from "./life/LiveSessions.ts"
import { interrupted } from "./life/Recover.ts"
import { archiveSession } from "./life/Supervisor.ts"
import { SessionStore } from "./SessionStore.ts"
import { Recordings } from "./transcript/Recordings.ts"

/** Events read from the other log at a time. */
const PAGE = 500

export const importSessions = Effect.fn("Sessions.import")(function* ({ path }: Params<"session.import">) {
  const file = join(path, "agentd.db")
  if (!existsSync(file))
    return yield* new Conflict({ reason: `${path} holds no standalone run: there is no agentd.db in it.` })
  // Where the other place kept its files says nothing here.
  const events = (yield* readAll(file)).filter(({ body }) => "session" in body && body.type !== "session.archived")
  yield* checkNames(events)
  const taken = yield* (yield* EventLog).importAll(events)
  const sessions = [...new Set(events.flatMap(({ body }) => ("session" in body ? [body.session] : [])))]
  for (const session of sessions) {
    yield* takeTranscript(session, join(path, "transcripts"))
    const imported = yield* (yield* SessionStore).get(session)
    // Its process was killed before it could record an end.
    if (Option.isSome(imported) && imported.value.exit === null) yield* interrupted(imported.value)
    yield* archiveSession(session, null)
  }
  return { sessions, events: taken.length }
})

/** While they are replayed, imported sessions are live for a moment, and live names are unique. */
const checkNames = Effect.fnUntraced(function* (events: ReadonlyArray<Event>) {
  const sessions = yield* LiveSessions
  for (const { body } of events) {
    const holder =
      body.type === "session.started" || body.type === "session.renamed" ? sessions.byName(body.name) : undefined
    if (holder !== undefined) return yield* new NameTaken({ name: holder.record.name, holder: holder.record.id })
  }
})

const readAll = (file: string) =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const events: Array<Event> = []
    for (let after = 0; ; ) {
      const page = yield* log.read({ after, limit: PAGE })
      events.push(...page.events)
      if (page.next >= page.last) return events
      after = page.next
    }
  }).pipe(
    Effect.provide(
      EventLog.layer([]).pipe(Layer.provide(Sqlite.layer({ file, backups: join(file, "..", "backups") })))
    ),
    Effect.mapError((error) => new Conflict({ reason: `${file} cannot be read: ${error.message}` }))
  )

/** Copied to a temporary name first: a crash half-way must not leave half a transcript under the real one. */
const takeTranscript = Effect.fnUntraced(function* (session: string, from: string) {
  const recordings = yield* Recordings
  for (const [source, target] of [
    [join(from, `${session}.cast.zst`), recordings.file(session)],
    [join(from, session), recordings.directory(session)]
  ] as const) {
    if (!existsSync(source) || existsSync(target)) continue
    const temporary = `${target}.importing`
    cpSync(source, temporary, { recursive: true })
    renameSync(temporary, target)
  }
})
