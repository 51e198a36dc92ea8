/**
 * Every event of a session as a line of the log that carries the session's id, so that `journalctl AGENTD_SESSION=…` tells its whole
 * story. What a session runs is not told: arguments may hold what only its user should see.
 */
import { Effect, Layer } from "effect"
import type { Event } from "../contract/Event.ts"
import { about, type LogField, type LogKindName } from "../contract/Log.ts"
import type { SessionExit } from "../contract/Session.ts"
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

/** Names of sessions that may still be spoken of: those that live or were seen to, until they are removed. */
class Names {
  readonly #names: Map<string, string>
  constructor(known: Iterable<readonly [string, string]>) {
    this.#names = new Map(known)
  }

  of({ body }: Event): string | null {
    if (!("session" in body)) return null
    const { session } = body
    if (body.type === "session.started" || body.type === "session.renamed") this.#names.set(session, body.name)
    const name = this.#names.get(session) ?? null
    if (body.type === "session.removed") this.#names.delete(session)
    return name
  }
}

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const live = yield* (yield* SessionStore).live
    const names = new Names(live.map(({ id, name }) => [id, name] as const))
    const run = Effect.runForkWith(yield* Effect.context<never>())
    yield* (yield* EventLog).observe(({ events }) => {
      for (const event of events) {
        const { body } = event
        const name = names.of(event)
        if (!("session" in body)) continue
        const told = tell(event, name ?? body.session)
        if (told === null) continue
        const { fields, kind, level, message } = told
        const named = { "agentd.session.id": body.session, "agentd.session.name": name }
        run(Effect.annotateLogs(Effect.logWithLevel(level)(message), about(kind, { ...named, ...fields })))
      }
    })
  })
)
