/**
 * Every event of a session as a line of the log that carries the session's id, so that `journalctl AGENTD_SESSION=…` tells its whole
 * story. What a session runs is not told: arguments may hold what only its user should see.
 */
import { Effect, Layer, Option } from "effect"
import type { Event } from "../contract/Event.ts"
import { about, type LogField, type LogKindName } from "../contract/Log.ts"
import type { SessionExit } from "../contract/session/Session.ts"
import { SessionStore } from "../sessions/SessionStore.ts"
import { EventLog } from "../store/EventLog.ts"

interface Told {
  readonly kind: LogKindName
  readonly level: "Debug" | "Info" | "Warn"
  readonly message: string
  readonly fields?: { readonly [F in LogField]?: string | number | null }
}

/** What is said of an event; null for those that are not about a session. */
export const tell = ({ body }: Event, name: string): Told | null => {
  const session = `session ${name}`
  switch (body.type) {
    case "session.started":
      return { kind: body.type, level: "Info", message: `${session} was made (${body.session})` }
    case "session.running":
      return { kind: body.type, level: "Info", message: `${session} runs as process ${body.pid}` }
    case "session.adopted":
      return { kind: body.type, level: "Info", message: `${session} was taken over at offset ${body.offset}` }
    case "session.renamed":
      return { kind: body.type, level: "Info", message: `${session} has a new name` }
    case "session.tagged":
      return { kind: body.type, level: "Debug", message: `${session} has other tags` }
    case "session.resized":
      return { kind: body.type, level: "Debug", message: `${session} is ${body.cols}x${body.rows}` }
    case "session.ended": {
      const { exit, offset, status } = body
      const fields = { "agentd.exit.by": exit.by, "agentd.exit.code": exit.code, "agentd.exit.signal": exit.signal }
      return status === "interrupted"
        ? {
            kind: "session.interrupted",
            level: "Warn",
            message: `${session} ${exit.by === "reboot" ? "was interrupted by a reboot" : "ended while no daemon ran"}`,
            fields
          }
        : {
            kind: body.type,
            level: "Info",
            message: `${session} ended: ${howOf(exit)}, ${offset} bytes of output`,
            fields
          }
    }
    case "session.archived":
      return { kind: body.type, level: "Debug", message: `${session}: its transcript is archived` }
    case "session.removed":
      return { kind: body.type, level: "Info", message: `${session} was removed by ${body.by}` }
    default:
      return null
  }
}

const howOf = ({ by, code, signal }: SessionExit): string => {
  const end = signal ?? (code === null ? "nobody saw how" : `exit code ${code}`)
  return by === "program" ? end : `${end} (${by})`
}

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const store = yield* SessionStore
    const run = Effect.runForkWith(yield* Effect.context<never>())
    /** Of sessions that were spoken of, until they are removed. */
    const names = new Map<string, string>()

    /** Asked for when it is needed and not at the start: a query then is memory that a daemon at rest never gives back. */
    const nameOf = Effect.fnUntraced(function* (session: string) {
      const found = Option.getOrUndefined(yield* Effect.orElseSucceed(store.get(session), () => Option.none()))
      if (found !== undefined && !names.has(session)) names.set(session, found.name)
      return names.get(session)
    })

    yield* (yield* EventLog).observe(({ events }) => {
      for (const event of events) {
        const { body } = event
        if (!("session" in body)) continue
        const { session } = body
        if (body.type === "session.started" || body.type === "session.renamed") names.set(session, body.name)
        const name = names.get(session)
        if (body.type === "session.removed") names.delete(session)
        run(
          name !== undefined || body.type === "session.removed"
            ? log(event, session, name)
            : Effect.flatMap(nameOf(session), (asked) => log(event, session, asked))
        )
      }
    })
  })
)

const log = (event: Event, session: string, name: string | undefined): Effect.Effect<void> => {
  const told = tell(event, name ?? session)
  if (told === null) return Effect.void
  const { fields, kind, level, message } = told
  const named = { "agentd.session.id": session, "agentd.session.name": name }
  return Effect.annotateLogs(Effect.logWithLevel(level)(message), about(kind, { ...named, ...fields }))
}
