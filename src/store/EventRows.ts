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
  readonly workspace: string | null
  readonly origin: string | null
  readonly origin_seq: number | null
  readonly clock: string | null
}

export const EVENT_COLUMNS = "seq, id, at, type, session, body, workspace, origin, origin_seq, clock"

export const encodeEvent = ({ at, body, id, seq, stamp }: Event): EventRow => ({
  seq,
  id,
  at,
  type: body.type,
  session: "session" in body ? body.session : null,
  body: JSON.stringify(body),
  workspace: stamp?.workspace ?? null,
  origin: stamp?.origin ?? null,
  origin_seq: stamp?.seq ?? null,
  clock: stamp?.clock ?? null
})

const decode = Schema.decodeUnknownOption(Event)

export const decodeEvent = ({
  at,
  body,
  clock,
  id,
  origin,
  origin_seq,
  seq,
  workspace
}: EventRow): Option.Option<Event> => {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return Option.none()
  }
  const stamp = origin === null ? {} : { stamp: { workspace, origin, seq: origin_seq, clock } }
  return decode({ seq, id, at, body: parsed, ...stamp })
}

/** Is this something the log can give back as it was handed in? */
export const isEvent = Schema.is(Event)
