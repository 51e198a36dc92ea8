/**
 * This process becomes another version of its program (execve(2)) without ending: what the version before left, and the way to the
 * next one.
 */
import { spawn } from "node:child_process"
import { closeSync, existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { Context, Effect, Layer, Result, Schema } from "effect"
import { HANDOVER_FORMATS, HandoverAnswer, Handover as Record } from "../../contract/Handover.ts"
import { closeOnExec, spawningLibc } from "../Libc.ts"
import { decodeRecord, encodeRecord, keepRecord, readRecord } from "./HandoverRecord.ts"
import { ownCommand } from "./Self.ts"
import { programsMask } from "./Umask.ts"

/** Names the record's descriptor, and how often its reader has failed to start. Deleted at once: programs must not believe it. */
const VARIABLE = "AGENTD_HANDOVER"

/** Milliseconds the next version has to say that it would start. A busy machine needs seconds to compile it. */
const CHECK_MS = 30_000
/** Bytes of what it says. */
const MAX_SAID = 8 * 1024

/** A version that does not come up is started again: the programs live as long as this process does. */
const TRIES = 30
const AGAIN_MS = 1_000

/** The next version cannot take over; the sentence says why. */
export class HandoverRefused extends Schema.TaggedError<HandoverRefused>()("HandoverRefused", {
  reason: Schema.String
}) {
  override get message() {
    return this.reason
  }
}

let received: { readonly fd: number; readonly tries: number; readonly record: Record } | null = null
let over = false

/** Before anything else looks at the environment. @throws Error when what was left cannot be read */
export const receiveHandover = (): void => {
  const named = process.env[VARIABLE]
  delete process.env[VARIABLE]
  if (named === undefined) return
  const [pid, fd, tries] = named.split(":").map(Number) as [number, number, number]
  // Inherited from somebody else.
  if (pid !== process.pid) return
  closeOnExec(fd)
  // Either would end this process, and the programs with it, until the daemon listens to them; both are done by starting.
  for (const name of ["SIGHUP", "SIGUSR2"]) process.on(name, () => {})
  const record = Schema.decodeUnknownSync(Record)(decodeRecord(readRecord(fd)))
  received = { fd, tries, record }
  for (const one of descriptors(record)) closeOnExec(one)
}

export class Handover extends Context.Service<
  Handover,
  {
    /** Whether this system has what it takes. */
    readonly possible: boolean
    /** What the version before left; null when this process began by itself. */
    readonly received: Record | null
    /** The sessions are taken over: from here on a failure ends them. */
    readonly done: Effect.Effect<void>
    /** The program of the next version, where the package has it. */
    readonly program: Effect.Effect<string, HandoverRefused>
    /** Has it start as far as it can without taking over, and answers what it says. */
    readonly check: (program: string) => Effect.Effect<HandoverAnswer, HandoverRefused>
    /** Becomes it. Returns only when the system refuses. */
    readonly become: (command: ReadonlyArray<string>, record: Record) => Effect.Effect<never, HandoverRefused>
  }
>()("agentd/host/Handover") {
  static readonly layer = Layer.sync(Handover, () => ({
    possible: spawningLibc() !== null,
    received: received?.record ?? null,
    done: Effect.sync(() => {
      if (received !== null && !over) closeSync(received.fd)
      over = true
    }),
    program: Effect.suspend(ownProgram),
    check,
    become: (command, record) => Effect.suspend(() => become(command, keepRecord(encodeRecord(record)), record, 0))
  }))
}

const refused = (reason: string) => Effect.fail(new HandoverRefused({ reason }))

const ownProgram = (): Effect.Effect<string, HandoverRefused> => {
  const bundle = process.argv[1] ?? ""
  const program = join(dirname(bundle), "..", "bin", "agentd")
  return existsSync(program) && existsSync(bundle)
    ? Effect.succeed(program)
    : refused(`The package that this daemon was started from is gone: there is no ${program}.`)
}

const check = (program: string): Effect.Effect<HandoverAnswer, HandoverRefused> =>
  Effect.callback<HandoverAnswer, HandoverRefused>((resume) => {
    const child = spawn(program, ["--check-handover"], { stdio: ["ignore", "pipe", "pipe"], timeout: CHECK_MS })
    let [said, complained] = ["", ""]
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(0, MAX_SAID)
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complained = (complained + text).slice(-MAX_SAID)
    })
    child.on("error", (cause) => resume(refused(`${program} cannot be run: ${cause.message}.`)))
    child.on("close", (code, signal) => {
      const how = signal === null ? `exit code ${code}` : signal
      if (code === 0) resume(judgeAnswer(program, said))
      else resume(refused(`${program} would not start (${how}): ${complained.trim() || "it says nothing"}`))
    })
    return Effect.sync(() => void child.kill())
  })

const decodeAnswer = Schema.decodeUnknownResult(Schema.fromJsonString(HandoverAnswer))

/** Nothing may be lost to a version that does not understand what this one leaves. */
export const judgeAnswer = (program: string, said: string): Effect.Effect<HandoverAnswer, HandoverRefused> => {
  const answer = decodeAnswer(said)
  if (Result.isFailure(answer)) return refused(`${program} does not say whether it can take over.`)
  const { handover, version } = answer.success
  const format = HANDOVER_FORMATS.last
  return handover.first <= format && format <= handover.last
    ? Effect.succeed(answer.success)
    : refused(`agentd ${version} cannot take over from this version. Stop the daemon and start it again.`)
}

const descriptors = ({ connections, listener, lock, sessions }: Record): ReadonlyArray<number> => [
  lock,
  listener.fd,
  ...connections.map(({ fd }) => fd),
  ...sessions.flatMap(({ master, slave, stdin }) => [master, slave ?? [], stdin?.fd ?? []].flat())
]

const become = (
  command: ReadonlyArray<string>,
  fd: number,
  record: Record,
  tries: number
): Effect.Effect<never, HandoverRefused> => {
  const kept = [fd, ...descriptors(record)]
  const program = command[0]!
  const ours = process.umask(programsMask())
  try {
    for (const one of [0, 1, 2]) if (existsSync(`/dev/fd/${one}`)) closeOnExec(one, false)
    for (const one of kept) closeOnExec(one, false)
    const env = { ...process.env, [VARIABLE]: `${process.pid}:${fd}:${tries}` }
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    spawningLibc()!.execve(Buffer.from(`${program}\0`), [...command, ...process.argv.slice(2)], variables)
    return refused(`The system refuses to execute ${program}.`)
  } catch (cause) {
    return refused(`${program} cannot take over: ${(cause as Error).message}.`)
  } finally {
    // Still this version, then.
    process.umask(ours)
    for (const one of kept) closeOnExec(one)
    if (received?.fd !== fd) closeSync(fd)
  }
}

/** This version cannot start. If it has taken nothing over yet, it is tried again, a limited number of times. */
export const startAgain = async (): Promise<void> => {
  if (received === null || over || received.tries >= TRIES) return
  const { fd, record, tries } = received
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  await Effect.runPromise(Effect.ignore(Effect.suspend(() => become(ownCommand(), fd, record, tries + 1))))
}
