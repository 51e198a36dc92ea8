/**
 * Starts an ended session's program again: the same directory, size, tags and limits, and, where the program has one, its own way to continue
 * its conversation. That an ended session is continued is recorded before anything runs, so that nobody does it a second time.
 */
import { join } from "node:path"
import { Effect, Option } from "effect"
import { AlreadyResumed, Conflict, SessionRunning } from "../../contract/errors/Errors.ts"
import type {
  Continuation,
  ContinuationParams,
  ResumeParams,
  StartParams
} from "../../contract/session/SessionRequests.ts"
import { Directories } from "../../host/files/Directories.ts"
import { type Continued, continuation } from "../continuation/Continuation.ts"
import { LiveSessions } from "../life/LiveSessions.ts"
import { resolve } from "../reach/Resolve.ts"
import { type SessionRecord, SessionStore } from "../SessionStore.ts"
import { start } from "./Start.ts"

/** Everything a session was started with but its environment, which is never stored. A new parameter must be carried here to compile. */
type Again = { readonly [K in Exclude<keyof StartParams, "env">]-?: StartParams[K] | undefined }

/** Nobody listens there, so programs are told plainly that there is no agent until somebody who is attached lends one. */
const NO_AGENT = "no-agent.sock"

/** That it may be lent an agent goes on. Whose that is, is up to who resumes it, and to each who attaches, now as then. */
const agentFor = ({ sshAgent }: SessionRecord, { env, sshAgent: given }: ResumeParams, runtime: string) => {
  if (given !== undefined || !sshAgent) return given
  const own = env?.SSH_AUTH_SOCK
  return own?.startsWith("/") ? own : join(runtime, NO_AGENT)
}

const sameAs = (record: SessionRecord, sshAgent: string | undefined): Again => ({
  argv: record.argv,
  name: record.name,
  cwd: record.cwd,
  cols: record.cols,
  rows: record.rows,
  tags: record.tags,
  ttlMs: record.ttlMs ?? undefined,
  stdin: record.stdin,
  restart: record.restart,
  hooks: record.hooks,
  limits: record.limits,
  sandbox: record.sandbox,
  access: record.access,
  secrets: record.secrets,
  agent: record.agent?.name,
  intent: record.intent ?? undefined,
  task: record.task ?? undefined,
  sshAgent,
  browser: record.browser
})

/** Without what is undefined. */
const given = <A extends object>(params: A) =>
  Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined)) as {
    [K in keyof A]: Exclude<A[K], undefined>
  }

const planned = (record: SessionRecord, fresh: boolean | undefined) =>
  fresh === true ? { program: null, argv: record.argv, exact: true } : continuation(record.argv)

/** What resuming would run. */
export const plan = Effect.fn("Sessions.continuation")(function* (params: typeof ContinuationParams.Type) {
  const { record } = yield* resolve(params.session)
  const { cols, cwd, id, name, rows, tags } = record
  const answer: typeof Continuation.Type = {
    session: id,
    name,
    cwd,
    cols,
    rows,
    tags,
    ...planned(record, params.fresh)
  }
  return answer
})

/** `caller`: the session that asks; null: a person, or the daemon itself. */
export const resume = Effect.fn("Sessions.resume")(function* (params: ResumeParams, caller: SessionRecord | null) {
  const sessions = yield* LiveSessions
  const { entry, record } = yield* resolve(params.session)
  if (entry !== undefined) return yield* new SessionRunning({ session: record.name })
  const { id } = record
  const next = planned(record, params.fresh)
  // Somebody else is at it at this moment, in this daemon; another daemon cannot be, for it has no lock.
  if (sessions.resuming.has(id)) return yield* new AlreadyResumed({ session: record.name, by: null })
  return yield* Effect.acquireUseRelease(
    Effect.sync(() => sessions.resuming.add(id)),
    () =>
      Effect.gen(function* () {
        yield* refuseTwice(id, params.once === true)
        const again = Effect.andThen(refuseGuess(record, next), startAgain(record, next.argv, params, caller))
        // One after the other, so that each sees the one before it.
        return yield* next.exact ? again : sessions.oneChange(again)
      }),
    () => Effect.sync(() => sessions.resuming.delete(id))
  )
})

/** Two programs that go on with one conversation would write over each other. */
const refuseTwice = Effect.fnUntraced(function* (id: string, once: boolean) {
  const sessions = yield* LiveSessions
  const record = Option.getOrUndefined(yield* (yield* SessionStore).get(id))
  const by = record?.resumedBy ?? null
  if (record === undefined || by === null) return
  const alive = record.status === "interrupted" && sessions.entries.has(by)
  if (once || alive) return yield* new AlreadyResumed({ session: record.name, by })
})

/** The most recent conversation of a directory is that of whoever talks there now, or of the one that was resumed just before. */
const refuseGuess = Effect.fnUntraced(function* ({ cwd, name }: SessionRecord, next: Continued) {
  if (next.exact) return
  const { entries } = yield* LiveSessions
  const others = [...entries.values()].map(({ record }) => record).filter((other) => other.cwd === cwd)
  const other = others.find(({ argv }) => continuation(argv).program === next.program)
  if (other === undefined) return
  return yield* new Conflict({
    reason: `The most recent conversation of ${next.program} in ${cwd} may be that of session ${other.name}, which runs there too. To begin anew: "agentctl resume ${name} --fresh". To go on with a certain one, run the program with its id.`
  })
})

const startAgain = Effect.fnUntraced(function* (
  record: SessionRecord,
  argv: ReadonlyArray<string>,
  params: ResumeParams,
  caller: SessionRecord | null
) {
  const { runtime } = yield* Directories
  const same = sameAs(record, agentFor(record, params, runtime))
  const { name, ...rest } = given({
    ...same,
    argv,
    cols: params.cols ?? same.cols,
    rows: params.rows ?? same.rows,
    env: params.env,
    browser: params.browser ?? same.browser
  })
  const as = { resumedFrom: record.id, agent: record.agent, caller, startedBy: record.startedBy }
  if (params.name !== undefined) return yield* start({ ...rest, name: params.name }, as)
  // Its own name again, unless another session has taken it since.
  return yield* Effect.catchTag(start({ ...rest, name }, as), "NameTaken", () => start(rest, as))
})
