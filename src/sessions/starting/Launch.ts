/**
 * Records a session and runs its program: what is recorded is on disk before anything runs, and taken back if it cannot be run.
 */
import { Effect, Exit, Scope } from "effect"
import { Settings } from "../../config/Settings.ts"
import { RING_BYTES } from "../../contract/Limits.ts"
import { Directories } from "../../host/files/Directories.ts"
import { InputPipes } from "../../host/pty/InputPipe.ts"
import { Self } from "../../host/self/Self.ts"
import { EventLog } from "../../store/EventLog.ts"
import { withHooks } from "../continuation/Hooks.ts"
import { Typists } from "../input/Typists.ts"
import { Launcher, type LaunchSpec } from "../launching/Launcher.ts"
import { enliven, forgetMemory, holding, keepMemory } from "../life/Enliven.ts"
import { setMark } from "../life/OnBootMark.ts"
import { Supervisor } from "../life/Supervisor.ts"
import { Ring } from "../running/Ring.ts"
import type { SessionRecord } from "../SessionStore.ts"
import { keepingIn, notKept } from "../state/Keep.ts"
import { Recordings } from "../transcript/Recordings.ts"

export const launch = Effect.fnUntraced(function* (
  record: SessionRecord,
  file: string,
  parts: Pick<LaunchSpec, "env" | "secretFiles" | "sandbox">
) {
  const { env } = parts
  const { argv, cols, createdAt, cwd, hooks, id, limits, name, rows } = record
  const { append } = yield* EventLog
  yield* append({
    type: "session.started",
    session: id,
    name,
    argv,
    cwd,
    cols,
    rows,
    tags: [...record.tags],
    launcher: record.launcher,
    ttlMs: record.ttlMs,
    resumedFrom: record.resumedFrom,
    stdin: record.stdin,
    restart: record.restart,
    hooks,
    boot: record.boot,
    limits,
    sandbox: record.sandbox,
    secrets: record.secrets,
    access: record.access,
    startedBy: record.startedBy,
    sshAgent: record.sshAgent,
    browser: record.browser,
    agent: record.agent,
    intent: record.intent,
    task: record.task
  })
  if (record.restart === "on-boot") yield* setMark

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
      record.stdin === "pipe"
        ? yield* Effect.acquireRelease(pipes.make(runtime, id), (pipe) => Effect.sync(pipe.close))
        : null
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
