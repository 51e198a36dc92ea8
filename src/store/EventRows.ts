/**
 * Events as rows of the log, and back. Rows this build does not understand (written by a later one) decode to nothing.
 */
import { Option, Schema } from "effect"
import { Event } from "../contract/Event.ts"

export interface EventRow {
  readonly seq: number
  readonly id: string
  readonly at: number
  readonly type: string
  readonly session: string | null
  readonly body: string
}

export const EVENT_COLUMNS = "seq, id, at, type, session, body"

export const encodeEvent = ({ at, body, id, seq }: Event): EventRow => ({
  seq,
  id,
  at,
  type: body.type,
  session: "session" in body ? body.session : null,
  body: JSON.stringify(body)
})

const decode = Schema.decodeUnknownOption(Event)

export const decodeEvent = ({ at, body, id, seq }: EventRow): Option.Option<Event> => {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return Option.none()
  }
  return decode({ seq, id, at, body: parsed })
}

/** Is this something the log can give back as it was handed in? */
export const isEvent = Schema.is(Event)
