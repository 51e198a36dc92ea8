/**
 * The program `agentd`: picks what was asked for, runs it, and leaves with a code a service manager understands.
 */
import { isatty } from "node:tty"
import { Effect, Exit, Layer } from "effect"
import { check, renderCheck, renderShow } from "../config/Check.ts"
import { systemRoots } from "../config/Files.ts"
import { Settings } from "../config/Settings.ts"
import type { Finding } from "../contract/Daemon.ts"
import { refuseWaiting } from "../doors/refuseWaiting.ts"
import { SOCKET_NAME } from "../doors/UnixSocket.ts"
import { Directories } from "../host/files/Directories.ts"
import { FileLock } from "../host/files/FileLock.ts"
import * as FileSystem from "../host/files/FileSystem.ts"
import { receiveHandover, startAgain } from "../host/self/Handover.ts"
import { packageVersion, Self } from "../host/self/Self.ts"
import { makePrivate } from "../host/self/Umask.ts"
import { activationSocket } from "../host/service/FdStore.ts"
import { standardErrorIsJournal } from "../host/service/Journal.ts"
import { EventLog } from "../store/EventLog.ts"
import { checkHandover } from "./CheckHandover.ts"
import { examineWith } from "./Doctor.ts"
import { EX_CONFIG, EX_OK, EX_SOFTWARE, EX_USAGE, explainFailure } from "./ExitCodes.ts"
import { Daemon } from "./Layers.ts"
import { journalLog, jsonLog, type LogThreshold, logging, terminalLog } from "./Logging.ts"
import { Host } from "./layers/Host.ts"
import { Configuration, Lock, Stores } from "./layers/Stores.ts"
import { HELP, type Options, parseOptions } from "./Options.ts"
import { serve } from "./Serve.ts"

/** Looked for before the layers take it. */
const activated = activationSocket(SOCKET_NAME)
const threshold: LogThreshold = { current: "info" }
const print = (text: string) => Effect.sync(() => void process.stdout.write(text))

const run = (options: Options): Effect.Effect<number, unknown> => {
  switch (options.mode) {
    case "serve":
      return Effect.scoped(
        Effect.provide(serve, Daemon({ ephemeral: options.ephemeral, localOnly: options.localOnly, threshold }))
      ).pipe(
        Effect.as(EX_OK),
        Effect.tapCause((cause) =>
          activated === null ? Effect.void : refuseWaiting(activated, explainFailure(cause).message)
        )
      )
    case "rebuild":
      return rebuild
    case "doctor":
      return doctor(options.json)
    case "show-config":
      return showConfig(options.json, options.origin)
    case "check-config":
      return checkConfig(options.file)
    case "check-handover":
      return Effect.as(Effect.flatMap(checkHandover, print), EX_OK)
    case "restore":
      return restoreOffline(options)
    case "list-backups":
    case "verify-backup":
      return lookAtBackups(options)
    case "backup-job":
      return Effect.as(Effect.flatMap(backupJob, print), EX_OK)
    case "version":
      return Effect.as(print(`agentd ${packageVersion()} (Node ${process.version})\n`), EX_OK)
    case "help":
      return Effect.as(print(HELP), EX_OK)
    case "usage":
      return Effect.as(
        Effect.sync(() => void process.stderr.write(`agentd: ${options.reason}\n\n${HELP}`)),
        EX_USAGE
      )
  }
}

/** A line from the daemon that asks, and one back. That it has gone ends this, too. */
const backupJob = Effect.gen(function* () {
  const { answer } = yield* Effect.promise(() => import("../backup/Job.ts"))
  return `${yield* answer(yield* firstLine)}\n`
}).pipe(Effect.provide(FileLock.layer))

const firstLine = Effect.callback<string>((resume) => {
  let text = ""
  process.stdin
    .setEncoding("utf8")
    .on("data", (some: string) => {
      text += some
      if (text.includes("\n")) resume(Effect.succeed(text))
    })
    .on("end", () => process.exit(EX_SOFTWARE))
})

const restoreOffline = (options: Extract<Options, { readonly mode: "restore" }>) =>
  Effect.gen(function* () {
    const { restore } = yield* Effect.promise(() => import("./Restore.ts"))
    yield* print(`${JSON.stringify(yield* restore(options))}\n`)
    return EX_OK
  }).pipe(Effect.provide(Lock.pipe(Layer.provideMerge(Host))))

const lookAtBackups = (options: Extract<Options, { readonly mode: "list-backups" | "verify-backup" }>) =>
  Effect.gen(function* () {
    const { lookAtBackups: look } = yield* Effect.promise(() => import("./BackupsOffline.ts"))
    yield* print(`${JSON.stringify(yield* look(options))}\n`)
    return EX_OK
  }).pipe(Effect.provide(Host))

/** What a mode that works on the store without serving is built on: the lock keeps a running daemon away from it. */
const Offline = Stores.pipe(Layer.provideMerge(Configuration), Layer.provideMerge(Lock), Layer.provideMerge(Host))

const rebuild = Effect.gen(function* () {
  const count = yield* (yield* EventLog).rebuild
  yield* print(`Rebuilt the tables from ${count} events.\n`)
  return EX_OK
}).pipe(Effect.provide(Offline))

const doctor = (json: boolean) =>
  Effect.gen(function* () {
    const findings = yield* examineWith(Offline)
    yield* print(json ? `${JSON.stringify({ findings })}\n` : findings.map(renderFinding).join(""))
    return findings.some(({ level }) => level === "problem") ? 1 : EX_OK
  })

const renderFinding = ({ check, fix, level, message }: Finding) =>
  `${level.padEnd(8)} ${check}: ${message}\n${fix === null ? "" : `         ${fix}\n`}`

const showConfig = (json: boolean, origin: boolean) =>
  Effect.gen(function* () {
    const shown = yield* (yield* Settings).show
    yield* print(json ? `${JSON.stringify(shown)}\n` : renderShow(shown, origin))
    return EX_OK
  }).pipe(Effect.provide(Configuration.pipe(Layer.provide(Host))))

const checkConfig = (file: string) =>
  Effect.gen(function* () {
    const { config } = yield* Directories
    const { uid } = yield* Self
    const problems = yield* check(file, { ...systemRoots, user: config, uid })
    yield* print(renderCheck(file, problems))
    return problems.length === 0 ? EX_OK : EX_CONFIG
  }).pipe(Effect.provide(Layer.mergeAll(Directories.layer, Self.layer, FileSystem.layer)))

const stderr = (text: string) => void process.stderr.write(text)
const sink = standardErrorIsJournal() ? journalLog(stderr) : isatty(2) ? terminalLog(stderr) : jsonLog(stderr)
process.on("exit", sink.flush)

/** Nothing is known any more about the state we are in: say so and let the service manager start a fresh process. */
process.on("uncaughtException", (error) => {
  sink.lament(String(error.stack ?? error))
  process.exit(EX_SOFTWARE)
})
// Whoever read the log has gone: sessions are worth more than lines nobody sees.
process.stderr.on("error", () => {})
makePrivate()
try {
  receiveHandover()
} catch (cause) {
  process.stderr.write(`agentd: what the version before left cannot be read: ${(cause as Error).message}\n`)
  process.exit(EX_SOFTWARE)
}

const log = logging(threshold, sink)
Effect.runFork(Effect.provide(run(parseOptions(process.argv.slice(2))), log)).addObserver((exit) => {
  if (Exit.isSuccess(exit)) process.exit(exit.value)
  const { code, message } = explainFailure(exit.cause)
  sink.lament(message)
  // Programs that an earlier version of this process has started would end with it.
  void startAgain().then(() => process.exit(code))
})
