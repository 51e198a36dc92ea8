/** What is shown of a session, from one look at all of them to the next: rates are differences. Pure. */
import type { Session } from "../../contract/session/Session.ts"
import type { SessionState } from "../../contract/session/SessionState.ts"
import { toldState } from "../words/StateText.ts"

/** Looks a graph goes back. */
const HISTORY = 60

/** Milliseconds of silence after which a session is called idle. */
const IDLE_MS = 10_000

export interface Row {
  readonly id: string
  readonly name: string
  readonly status: Session["status"]
  /** What its program is doing, where more than its silence tells. */
  readonly state: Pick<SessionState, "confidence" | "name"> | null
  /** Milliseconds since it last printed something, once that is long enough to be told. */
  readonly idleMs: number | null
  /** Percent of one processor; null until there are two looks, or when it cannot be told. */
  readonly cpu: number | null
  readonly memoryBytes: number | null
  readonly tasks: number | null
  /** Bytes of output a second. */
  readonly outputRate: number | null
  readonly ageMs: number
  readonly argv: ReadonlyArray<string>
  readonly cpuHistory: ReadonlyArray<number>
  readonly outputHistory: ReadonlyArray<number>
}

interface Counted {
  readonly row: Row
  readonly cpuMs: number | null
  readonly offset: number
}

export interface Look {
  /** Milliseconds on a clock that only goes forward. */
  readonly at: number
  readonly counted: ReadonlyMap<string, Counted>
}

/** `at` counts milliseconds on a steady clock, `now` on the wall's. */
export const look = (before: Look | null, sessions: ReadonlyArray<Session>, at: number, now: number): Look => ({
  at,
  counted: new Map(sessions.map((session) => [session.id, count(before, session, at, now)]))
})

export const rowsOf = (last: Look): ReadonlyArray<Row> => [...last.counted.values()].map(({ row }) => row)

const count = (before: Look | null, session: Session, at: number, now: number): Counted => {
  const earlier = before?.counted.get(session.id)
  const elapsed = before === null ? 0 : at - before.at
  /** A second; a counter that went back, because the program was replaced, counts as still. */
  const rate = (from: number | null | undefined, to: number | null) =>
    from === null || from === undefined || to === null || elapsed <= 0
      ? null
      : (Math.max(0, to - from) / elapsed) * 1000
  const cpuMs = session.usage?.cpuMs ?? null
  const cpuRate = rate(earlier?.cpuMs, cpuMs)
  const cpu = cpuRate === null ? null : cpuRate / 10
  const outputRate = rate(earlier?.offset, session.offset)
  const silent = now - session.activeAt
  const row: Row = {
    id: session.id,
    name: session.name,
    status: session.status,
    state: toldState(session),
    idleMs: session.status === "running" && silent >= IDLE_MS ? silent : null,
    cpu,
    memoryBytes: session.usage?.memoryBytes ?? null,
    tasks: session.usage?.tasks ?? null,
    outputRate,
    ageMs: Math.max(0, now - session.createdAt),
    argv: session.argv,
    cpuHistory: history(earlier?.row.cpuHistory, cpu),
    outputHistory: history(earlier?.row.outputHistory, outputRate)
  }
  return { row, cpuMs, offset: session.offset }
}

const history = (before: ReadonlyArray<number> = [], value: number | null): ReadonlyArray<number> =>
  value === null ? before : [...before.slice(1 - HISTORY), value]

export const SORTS = ["cpu", "memory", "output", "name"] as const
export type Sort = (typeof SORTS)[number]

const keys: Readonly<Record<Exclude<Sort, "name">, (row: Row) => number>> = {
  cpu: (row) => row.cpu ?? -1,
  memory: (row) => row.memoryBytes ?? -1,
  output: (row) => row.outputRate ?? -1
}

/** Most first; equals by name, so that they do not change places with every look. */
export const sorted = (rows: ReadonlyArray<Row>, by: Sort): ReadonlyArray<Row> =>
  rows.toSorted(
    (a, b) => (by === "name" ? 0 : keys[by](b) - keys[by](a)) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  )
