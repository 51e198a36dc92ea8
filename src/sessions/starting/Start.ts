/**
 * Starts a session: everything that can be wrong is found first, then it is recorded, then its program runs.
 */
import { Clock, Effect, Exit, Scope } from "effect"
import { Settings } from "../../config/Settings.ts"
import { InvalidParams, LaunchFailed, NameTaken } from "../../contract/errors/Errors.ts"
import { clampSize } from "../../contract/Frames.ts"
import type { AgentRef } from "../../contract/Identity.ts"
import { RING_BYTES } from "../../contract/Limits.ts"
import type { SessionId } from "../../contract/session/Session.ts"
import type { StartParams } from "../../contract/session/SessionRequests.ts"
import { Boot } from "../../host/Boot.ts"
import { Directories } from "../../host/files/Directories.ts"
import { InputPipes } from "../../host/pty/InputPipe.ts"
import { canOpen } from "../../host/self/Descriptors.ts"
import { Environment } from "../../host/self/Environment.ts"
import { Self } from "../../host/self/Self.ts"
import { EventLog } from "../../store/EventLog.ts"
import { ulid } from "../../store/Ulid.ts"
import { actsAlready } from "../Changes.ts"
import { withHooks } from "../continuation/Hooks.ts"
import { Typists } from "../input/Typists.ts"
import { Launcher, type LaunchSpec } from "../launching/Launcher.ts"
import { SESSION_VARIABLE } from "../launching/ProcessTree.ts"
import { enliven, forgetMemory, holding, keepMemory } from "../life/Enliven.ts"
import { describe, LiveSessions } from "../life/LiveSessions.ts"
import { setMark } from "../life/OnBootMark.ts"
import { Supervisor } from "../life/Supervisor.ts"
import { accessFor } from "../reach/Access.ts"
import { forProgram, refreshedDirectory } from "../running/Refreshed.ts"
import { Ring } from "../running/Ring.ts"
import type { SessionRecord } from "../SessionStore.ts"
import { sandboxFor } from "../sandbox/Confinement.ts"
import { keepingIn, notKept } from "../state/Keep.ts"
import { Recordings } from "../transcript/Recordings.ts"
import { checkDirectory, resolveCommand } from "./Command.ts"
import { limitsFor } from "./Limits.ts"
import { generateName } from "./Names.ts"
import { openSecrets } from "./Secrets.ts"

/**
 * Files that must still be free to open: a session takes up to eight of them, and the others see to it that those which run can be
 * ended, archived and listed whatever happens (each look at the processes and each transcript opens some).
 */
const SPARE_FILES = 24

interface StartedAs {
  /** Started again from this one. */
  readonly resumedFrom?: SessionId
  /** The agent it acts for: whoever asks has seen to it that it exists and is free. */
  readonly agent?: AgentRef | null
  /** The session that asks; null: a person, or the daemon itself. */
  readonly caller?: SessionRecord | null
  /** The session it counts as started from, if that is not the one that asks. */
  readonly startedBy?: SessionId | null
}

export const start = Effect.fn("Sessions.start")(function* (
  params: StartParams,
  { agent: wanted = null, caller = null, resumedFrom, startedBy = caller?.id ?? null }: StartedAs = {}
) {
  const sessions = yield* LiveSessions
  const environment = yield* Environment
  const settings = yield* (yield* Settings).current
  const { sshAgent } = params
  const inherited: Readonly<Record<string, string>> = {
    ...environment.forPrograms(params.env ?? environment.own),
    ...(sshAgent === undefined ? {} : { SSH_AUTH_SOCK: sshAgent }),
    ...(params.browser === true ? { BROWSER: (yield* Self).urlOpener } : {})
  }
  yield* checkNames(inherited)
  if (!canOpen(SPARE_FILES)) {
    return yield* new LaunchFailed({
      reason: "agentd has too many files open; end a session, or raise its limit (LimitNOFILE= of its unit, ulimit -n)"
    })
  }
  const cwd = yield* checkDirectory(params.cwd ?? inherited.HOME ?? environment.own.HOME ?? "/")
  const file = yield* resolveCommand(params.argv[0]!, cwd, inherited.PATH)
  const limits = yield* limitsFor(params.limits ?? {}, resumedFrom !== undefined)
  const { confinement, name: sandbox } = yield* sandboxFor(params.sandbox, resumedFrom !== undefined, cwd)
  const access = yield* accessFor(params, caller, resumedFrom !== undefined)
  yield* (yield* Launcher).check(limits, confinement)
  const { files, values } = yield* openSecrets(params.secrets ?? [])
  const id = `ses_${yield* ulid}`
  yield* Effect.annotateCurrentSpan("agentd.session.id", id)
  const name = yield* claimName(params.name, id)
  const agent = yield* claimAgent(wanted, id, resumedFrom !== undefined).pipe(
    Effect.onError(() => Effect.sync(() => sessions.names.release(name, id)))
  )

  const now = yield* Clock.currentTimeMillis
  const planned: SessionRecord = {
    id,
    name,
    argv: params.argv,
    cwd,
    cols: clampSize(params.cols ?? settings.session.cols),
    rows: clampSize(params.rows ?? settings.session.rows),
    tags: [...new Set(params.tags ?? [])],
    status: "starting",
    launcher: (yield* Launcher).kind,
    pid: null,
    startTime: null,
    createdAt: now,
    activeAt: now,
    ttlMs: params.ttlMs ?? null,
    exit: null,
    offset: 0,
    unrecorded: 0,
    transcript: null,
    transcriptBytes: 0,
    archived: false,
    limits,
    sandbox,
    secrets: params.secrets ?? [],
    stdin: params.stdin ?? "terminal",
    restart: params.restart ?? settings.session.restart,
    hooks: params.hooks ?? settings.session.hooks,
    boot: (yield* Boot).id,
    resumedFrom: resumedFrom ?? null,
    resumedBy: null,
    agent,
    intent: params.intent ?? null,
    task: params.task ?? null,
    access,
    startedBy,
    sshAgent: sshAgent !== undefined,
    browser: params.browser === true
  }
  const given = { ...omit(inherited, Object.keys(files)), ...values }
  const { runtime, socket } = yield* Directories
  const followed = yield* Effect.try(() => forProgram(refreshedDirectory(runtime, id), given)).pipe(
    Effect.catch((cause) => Effect.as(Effect.logWarning(`the environment of ${name} stays as it is`, cause), given))
  )
  const env = sessionEnvironment(followed, settings.session.term, planned, socket)
  // Between the record and the supervisor a deadline must not cut in: the program would run with nobody to look after it.
  const entry = yield* Effect.uninterruptible(
    launch(planned, file, { env, secretFiles: files, sandbox: confinement })
  ).pipe(
    Effect.onError(() =>
      Effect.sync(() => {
        sessions.names.release(name, id)
        sessions.agents.release(agent?.id ?? "", id)
      })
    )
  )
  sessions.last = id
  return describe(entry.record, entry)
})

/** What execve(2) would take for another variable, or for the end of one. */
const checkNames = (variables: Readonly<Record<string, string>>) => {
  const bad = Object.keys(variables).find((name) => !/^[^=\0]+$/.test(name))
  return bad === undefined
    ? Effect.void
    : Effect.fail(
        new InvalidParams({ field: `env.${bad}`, reason: "a variable's name has no = and no NUL, and is not empty" })
      )
}

const omit = (variables: Readonly<Record<string, string>>, names: ReadonlyArray<string>) =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !names.includes(name)))

const claimName = Effect.fnUntraced(function* (wanted: string | undefined, id: string) {
  const sessions = yield* LiveSessions
  if (wanted === undefined) return yield* generateName((name) => sessions.names.claim(name, id) !== null)
  const holder = sessions.names.claim(wanted, id)
  return holder === null ? wanted : yield* new NameTaken({ name: wanted, holder })
})

/** The agent it acts for; what is resumed does without where another session acts for that one by now. */
const claimAgent = Effect.fnUntraced(function* (agent: AgentRef | null, id: string, resumed: boolean) {
  const sessions = yield* LiveSessions
  const holder = agent === null ? null : sessions.agents.claim(agent.id, id)
  if (holder === null) return agent
  return resumed ? null : yield* actsAlready(agent!, holder, sessions)
})

/** What the program sees: the caller's environment, what names the session, and a terminal that is ours. */
const sessionEnvironment = (
  inherited: Readonly<Record<string, string>>,
  term: string,
  session: SessionRecord,
  socket: string
): Record<string, string> => ({
  ...inherited,
  // A caller without a terminal has none to describe.
  TERM: inherited.TERM === undefined || inherited.TERM === "dumb" ? term : inherited.TERM,
  PWD: session.cwd,
  [SESSION_VARIABLE]: session.id,
  AGENTD_SESSION_NAME: session.name,
  AGENTD_SOCKET: socket
})

const launch = Effect.fnUntraced(function* (
  record: SessionRecord,
  file: string,
  parts: Pick<LaunchSpec, "env" | "secretFiles" | "sandbox">
) {
  const { env } = parts
  const { argv, cols, createdAt, cwd, id, launcher, limits, name, resumedFrom, rows, tags, ttlMs } = record
  const { access, agent, boot, hooks, intent, restart, sandbox, secrets, startedBy, stdin: input, task } = record
  const { browser, sshAgent } = record
  const log = yield* EventLog
  const { append } = log
  const started = { session: id, name, argv, cwd, cols, rows, tags: [...tags], launcher, ttlMs, resumedFrom } as const
  const assignment = { agent, intent, task }
  const conditions = {
    stdin: input,
    restart,
    hooks,
    boot,
    limits,
    sandbox,
    secrets,
    access,
    startedBy,
    sshAgent,
    browser
  }
  yield* append({ type: "session.started", ...started, ...conditions, ...assignment })
  if (restart === "on-boot") yield* setMark

  const scope = yield* Scope.make()
  const running = Effect.gen(function* () {
    const launcher = yield* Launcher
    const memory = launcher.outlives ? yield* keepMemory(id) : null
    const ring = memory?.fresh(0) ?? new Ring(RING_BYTES)
    const header = { version: 1, session: id, name, argv, cwd, cols, rows, term: env.TERM ?? "", createdAt } as const
    const hold = holding()
    const recording = yield* (yield* Recordings).open(header, ring, hold.onPressure)
    const pipes = yield* InputPipes
    const { runtime } = yield* Directories
    const stdin =
      input === "pipe" ? yield* Effect.acquireRelease(pipes.make(runtime, id), (pipe) => Effect.sync(pipe.close)) : null
    const graceMs = (yield* (yield* Settings).current).session.grace
    // Recorded is what the user has said: resuming adds them anew.
    const told = hooks === "off" ? argv : withHooks(argv, env, (yield* Self).agentctl)
    const spec = {
      session: id,
      file,
      argv: told,
      cwd,
      cols,
      rows,
      stdin: stdin?.path ?? null,
      limits,
      graceMs,
      ...parts
    }
    const launched = yield* launcher.launch(memory === null ? spec : { ...spec, slot: memory.slot })
    const { pid, startTime } = launched
    const entry = yield* enliven({ ...record, status: "running", pid, startTime }, scope, {
      launched,
      recording,
      ring,
      stdin,
      hold,
      typists: memory?.typists ?? new Typists(),
      keeping: memory === null ? notKept : keepingIn(memory.notes)
    })
    yield* (yield* Supervisor).watch(entry)
    return entry
  })
  return yield* running.pipe(
    Scope.provide(scope),
    Effect.onError(() =>
      Effect.gen(function* () {
        // Nothing ran: the listing should not show it either.
        yield* Effect.ignore(append({ type: "session.removed", session: id, by: "request" }))
        yield* Scope.close(scope, Exit.void)
        yield* (yield* Recordings).remove(id)
        yield* forgetMemory(id)
        // The caller is to hear why nothing was started, not what became of its files: the next start of the daemon removes those.
      }).pipe(Effect.catchCause((cause) => Effect.logWarning("a session that did not start left files", cause)))
    )
  )
})
