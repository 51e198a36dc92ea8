/**
 * Starts a session: everything that can be wrong is found first, then it is recorded, then its program runs.
 */
import { Clock, Effect } from "effect"
import { Settings } from "../../config/Settings.ts"
import { LaunchFailed, NameTaken } from "../../contract/errors/Errors.ts"
import { clampSize } from "../../contract/Frames.ts"
import type { AgentRef } from "../../contract/Identity.ts"
import type { SessionId } from "../../contract/session/Session.ts"
import type { StartParams } from "../../contract/session/SessionRequests.ts"
import { Boot } from "../../host/Boot.ts"
import { Directories } from "../../host/files/Directories.ts"
import { canOpen } from "../../host/self/Descriptors.ts"
import { Environment } from "../../host/self/Environment.ts"
import { Self } from "../../host/self/Self.ts"
import { ulid } from "../../store/Ulid.ts"
import { actsAlready } from "../Changes.ts"
import { Launcher } from "../launching/Launcher.ts"
import { describe, LiveSessions } from "../life/LiveSessions.ts"
import { accessFor } from "../reach/Access.ts"
import { forProgram, refreshedDirectory } from "../running/Refreshed.ts"
import type { SessionRecord } from "../SessionStore.ts"
import { sandboxFor } from "../sandbox/Confinement.ts"
import { checkDirectory, resolveCommand } from "./Command.ts"
import { launch } from "./Launch.ts"
import { limitsFor } from "./Limits.ts"
import { generateName } from "./Names.ts"
import { openSecrets } from "./Secrets.ts"
import { checkNames, omit, sessionEnvironment } from "./Variables.ts"

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
