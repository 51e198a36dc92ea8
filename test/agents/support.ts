/** Agents of a test: real sessions whose programs are `agentctl` itself, real repositories, and stamped events. */
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Context, Effect, Layer } from "effect"
import type { Event, EventBody } from "../../src/contract/Event.ts"
import type { Session } from "../../src/contract/session/Session.ts"
import type { StartParams } from "../../src/contract/session/SessionRequests.ts"
import type { Projection } from "../../src/store/Projection.ts"
import { applyAll } from "../../src/store/Projections.ts"
import type { Sql } from "../../src/store/Sql.ts"
import { Sqlite } from "../../src/store/Sqlite.ts"
import type { User } from "../sessions/support.ts"
import { sqlite, temporaryDirectory } from "../store/fixture.ts"

const bin = fileURLToPath(new URL("../../bin", import.meta.url))

/** What `agentctl` and the repositories of a test may see of the environment. */
const environment = (home: string) => ({ PATH: `${bin}:${process.env.PATH}`, HOME: home, TERM: "xterm" })

export const startAgent = (user: User, script: string, params: Partial<StartParams> = {}): Promise<Session> =>
  user.start(script, { env: environment("/"), cols: 4000, ...params })

/** Runs a shell script in a session of its own and answers the JSON it prints last. */
export const inSession = async (user: User, script: string, params: Partial<StartParams> = {}) => {
  const session = await startAgent(user, script, params)
  await user.ended(session.id)
  return JSON.parse(jsonIn((await user.output(session.id)).toString("utf8")))
}

/** What a terminal shows between the first brace or bracket at a line's start and the last. */
const jsonIn = (text: string): string => {
  const found = /^[{[][\s\S]*^[}\]]/m.exec(text.replaceAll("\r", ""))
  if (found === null) throw new Error(`no JSON in: ${text}`)
  return found[0]
}

/** There is a new agent of this name, and nothing is known of it. */
export const registered = (name: string): EventBody => ({
  type: "agent.registered",
  name,
  kind: "agent",
  role: null,
  module: null,
  display: null,
  worktree: null,
  host: "h",
  by: null
})

export const git = (directory: string, ...args: ReadonlyArray<string>): string =>
  execFileSync(
    "git",
    ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main", ...args],
    {
      cwd: directory,
      encoding: "utf8",
      env: { PATH: process.env.PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" }
    }
  )

const pad = (n: number) => String(n).padStart(26, "0")
export const messageId = (n: number) => `msg_${pad(n)}`
export const agentId = (n: number) => `agt_${pad(n)}`

/** An event as it comes from one of a few installations, its clock and its number in step with `n`. */
export const stamped = (n: number, body: EventBody, origin = 1): Omit<Event, "seq"> => ({
  id: `evt_${pad(n)}`,
  at: 1_000 + n,
  body,
  stamp: {
    workspace: "home",
    origin: `ins_${String(origin).padStart(20, "0")}`,
    seq: n + 1,
    clock: n.toString(16).padStart(16, "0")
  }
})

type Rows = Readonly<Record<string, ReadonlyArray<string>>>

/** Gives `test` a function from events, in the order they arrive, to every row of the projections' tables. */
export const withRows = (
  projections: ReadonlyArray<Projection>,
  test: (rowsAfter: (events: ReadonlyArray<Omit<Event, "seq">>) => Promise<Rows>) => Promise<void>
): Promise<void> =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const { scratch } = yield* Effect.map(Layer.build(sqlite(directory)), (context) => Context.get(context, Sqlite))
    yield* Effect.promise(() => test((events) => Effect.runPromise(scratch((sql) => rows(sql, projections, events)))))
  }).pipe(Effect.scoped, Effect.runPromise)

const rows = Effect.fnUntraced(function* (
  sql: Sql,
  projections: ReadonlyArray<Projection>,
  events: ReadonlyArray<Omit<Event, "seq">>
) {
  for (const statement of projections.flatMap((one) => one.schema)) yield* sql.unsafe(statement)
  for (const [index, event] of events.entries()) yield* applyAll(sql, projections, { ...event, seq: index + 1 })
  const tables: Record<string, ReadonlyArray<string>> = {}
  for (const table of projections.flatMap((one) => one.tables)) {
    const found = yield* sql.unsafe<object>(`SELECT * FROM "${table}"`)
    tables[table] = found.map((row) => JSON.stringify(row)).toSorted()
  }
  return tables
})
