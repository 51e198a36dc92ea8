/**
 * A daemon of the test's own: real sessions, stores and socket over temporary directories, in this process or as a program.
 *
 * In this process a test may set the configuration, reach the services and hold up the event loop; as a program it can be
 * killed and measured.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Layer, Scope } from "effect"
import { onTestFinished } from "vitest"
import { Client, type ClientOptions } from "../../src/client/Client.ts"
import type { Flags } from "../../src/config/Environment.ts"
import { Settings } from "../../src/config/Settings.ts"
import type { Session, SessionExit } from "../../src/contract/session/Session.ts"
import type { StartParams } from "../../src/contract/session/SessionRequests.ts"
import { Lifecycle } from "../../src/daemon/Lifecycle.ts"
import { jsonLog, type LogThreshold, logging } from "../../src/daemon/Logging.ts"
import { Doors } from "../../src/daemon/layers/Doors.ts"
import { HostServices } from "../../src/daemon/layers/Host.ts"
import { SessionManager } from "../../src/daemon/layers/SessionManager.ts"
import { Lock, Stores } from "../../src/daemon/layers/Stores.ts"
import { Reload } from "../../src/daemon/Reload.ts"
import { Boot } from "../../src/host/Boot.ts"
import { Directories, type Places, placesIn } from "../../src/host/files/Directories.ts"
import { FdStore } from "../../src/host/service/FdStore.ts"
import { Meters } from "../../src/telemetry/Meters.ts"
import { makeSandbox, type StartOptions } from "../support/Sandbox.ts"

/** A directory that goes with the test. */
export const temporary = (): string => {
  const path = mkdtempSync(join(tmpdir(), "agentd-t-"))
  onTestFinished(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  return path
}

export const placesUnder = (directory: string): Places => {
  const at = (name: string) => {
    const path = join(directory, name)
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return path
  }
  return placesIn({ runtime: at("run"), state: at("state"), config: at("config") }, undefined)
}

/** What tests ask of a daemon, wherever it runs. */
export class User {
  readonly client: Client

  constructor(where: ClientOptions) {
    this.client = new Client(where)
  }

  get call(): Client["call"] {
    return this.client.call.bind(this.client)
  }

  /** Starts a program; a string is a shell script. */
  start(program: string | ReadonlyArray<string>, params: Partial<StartParams> = {}): Promise<Session> {
    const argv = typeof program === "string" ? ["sh", "-c", program] : program
    return this.call("session.start", { argv, cwd: "/", ...params })
  }

  async ended(session: string): Promise<Session & { readonly exit: SessionExit }> {
    const { session: found } = await this.call("session.wait", { session, for: "exit" }, { timeoutMs: null })
    return { ...found, exit: found.exit! }
  }

  /** Waits until the program has printed this; answers what matched. */
  async printed(session: string, pattern: string, from?: number): Promise<string> {
    const params = {
      session,
      for: "output" as const,
      pattern,
      timeoutMs: 20_000,
      ...(from === undefined ? {} : { from })
    }
    return (await this.call("session.wait", params, { timeoutMs: null })).match!
  }

  /** Everything it has printed so far, page by page. */
  async output(session: string): Promise<Buffer> {
    const pages: Array<Buffer> = []
    for (let from = 0; ; ) {
      const page = await this.call("session.output", { session, from })
      const bytes = Buffer.from(page.data, "base64")
      pages.push(bytes)
      if (page.missing > 0) throw new Error(`${page.missing} bytes are missing at ${from}`)
      if (page.next >= page.end) return Buffer.concat(pages)
      from = page.next
    }
  }

  /** Runs a program to its end. */
  async run(program: string | ReadonlyArray<string>, params: Partial<StartParams> = {}) {
    const { id } = await this.start(program, params)
    const session = await this.ended(id)
    return { session, output: await this.output(id) }
  }
}

const quiet: LogThreshold = { current: "error" }

const InProcess = (places: Places, config: Flags, boot?: string, store?: FdStore["Service"]) =>
  Doors.pipe(
    Layer.provideMerge(SessionManager),
    Layer.provideMerge(Stores),
    Layer.provideMerge(Meters.layer),
    Layer.provideMerge(Reload.layer({ current: "error" })),
    Layer.provideMerge(Lifecycle.layer(false)),
    Layer.provideMerge(
      Settings.layer({
        roots: { vendor: "/nowhere", admin: "/nowhere", user: places.config, uid: process.getuid?.() ?? 0 },
        flags: config
      })
    ),
    Layer.provideMerge(Lock),
    Layer.provideMerge(boot === undefined ? Layer.empty : Layer.succeed(Boot, { id: boot })),
    Layer.provideMerge(store === undefined ? Layer.empty : Layer.succeed(FdStore, store)),
    Layer.provideMerge(HostServices),
    Layer.provideMerge(Layer.succeed(Directories, places))
  )

type Services = Layer.Success<ReturnType<typeof InProcess>>

export class InProcessDaemon extends User {
  readonly places: Places
  readonly #run: (effect: Effect.Effect<unknown, unknown, Services>) => Promise<unknown>
  readonly #close: () => Promise<void>

  constructor(places: Places, run: InProcessDaemon["effect"], close: () => Promise<void>) {
    super({ socket: places.socket })
    this.places = places
    this.#run = run
    this.#close = close
  }

  /** Runs something with the daemon's own services. */
  effect<A, E>(effect: Effect.Effect<A, E, Services>): Promise<A> {
    return this.#run(effect) as Promise<A>
  }

  /** As SIGTERM would: sessions end, records are completed. Once. */
  async close(): Promise<void> {
    await this.client.close()
    await this.#close()
  }
}

/** A daemon in this process, closed with the test. */
export const openDaemon = async (
  options: {
    readonly directory?: string
    readonly places?: Places
    readonly config?: Flags
    /** As if the machine had been started as this. */
    readonly boot?: string
    /** As if a service manager had kept these descriptors. */
    readonly store?: FdStore["Service"]
  } = {}
): Promise<InProcessDaemon> => {
  const places = options.places ?? placesUnder(options.directory ?? temporary())
  const scope = Effect.runSync(Scope.make())
  const log = logging(
    quiet,
    jsonLog((line) => void process.stderr.write(line))
  )
  const context = await Effect.runPromise(
    Layer.build(InProcess(places, options.config ?? {}, options.boot, options.store)).pipe(
      Scope.provide(scope),
      Effect.provide(log)
    )
  )
  let closing: Promise<void> | undefined
  const daemon = new InProcessDaemon(
    places,
    (effect) => Effect.runPromise(effect.pipe(Effect.provide(context), Effect.provide(log))),
    () => (closing ??= Effect.runPromise(Scope.close(scope, Exit.void)))
  )
  onTestFinished(() => daemon.close())
  return daemon
}

/** A daemon as a program of its own, ended with the test. */
export const spawnDaemon = async (options: StartOptions = {}) => {
  const sandbox = makeSandbox()
  const user = new User({ socket: sandbox.socket })
  onTestFinished(async () => {
    await user.client.close()
    await sandbox[Symbol.asyncDispose]()
  })
  return { sandbox, daemon: await sandbox.start(options), user }
}

/** The error's tag, or a failure of the test when nothing was refused. */
export const refusal = async (
  request: Promise<unknown>
): Promise<{ tag: string; message: string; data: Record<string, unknown> }> => {
  try {
    await request
  } catch (error) {
    const { tag, message, data } = error as { tag: string; message: string; data: Record<string, unknown> }
    return { tag, message, data }
  }
  throw new Error("it was not refused")
}

/** Processes whose environment says that they belong to the session. */
export const processesOf = (session: string): ReadonlyArray<number> =>
  readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      return readFileSync(`/proc/${name}/environ`, "utf8").includes(`AGENTD_SESSION=${session}`) ? [Number(name)] : []
    } catch {
      return []
    }
  })
