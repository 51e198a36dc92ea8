/** Installations that share a workspace: each a real event log of its own, over real git and a bare repository. */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Clock, type Context, Effect, Exit, Layer, Scope } from "effect"
import { onTestFinished } from "vitest"
import { agentProjection, madeBy } from "../../src/agents/AgentProjection.ts"
import type { Event, EventBody } from "../../src/contract/Event.ts"
import { Directories } from "../../src/host/files/Directories.ts"
import { GitProcess, MAX_FILE_BYTES } from "../../src/host/git/GitProcess.ts"
import { messageProjection } from "../../src/messages/MessageProjection.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { Sqlite } from "../../src/store/Sqlite.ts"
import { ConfirmationStore } from "../../src/sync/ConfirmationStore.ts"
import { cycle, type Outcome } from "../../src/sync/Cycle.ts"
import * as GitTransport from "../../src/sync/GitTransport.ts"
import { Milestone, type MilestoneName } from "../../src/sync/Milestone.ts"
import { SyncStore } from "../../src/sync/SyncStore.ts"
import type { SyncTransport } from "../../src/sync/SyncTransport.ts"

export const WORKSPACE = "wks_00000000000000000000000001"

export const temporary = (): string => {
  const path = mkdtempSync(join(tmpdir(), "agentd-sync-"))
  onTestFinished(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  return path
}

export const git = (directory: string, ...args: ReadonlyArray<string>): string =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
    cwd: directory,
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" },
    stdio: ["ignore", "pipe", "pipe"]
  }).trim()

export const bareRemote = (): string => {
  const path = join(temporary(), "remote.git")
  mkdirSync(path)
  git(path, "init", "--quiet", "--bare", ".")
  return path
}

type Services = ConfirmationStore | EventLog | Sqlite | SyncStore | SyncTransport

export class Clone {
  readonly directory: string
  readonly url: string
  readonly name: string
  #context: Context.Context<Services> | undefined
  #scope = Effect.runSync(Scope.make())
  #agent: string | undefined
  /** Milliseconds its clock is ahead. */
  ahead = 0

  /** Bytes of a file that git may write. */
  maxFileBytes = MAX_FILE_BYTES

  /** `agent`: this installation's, in a database that is there already. */
  constructor(name: string, url: string, directory = temporary(), agent?: string) {
    this.#agent = agent
    this.name = name
    this.url = url
    this.directory = directory
  }

  static async open(name: string, url: string): Promise<Clone> {
    const clone = new Clone(name, url)
    await clone.start()
    await clone.run(Effect.flatMap(SyncStore, (store) => store.enable(WORKSPACE, { remote: "origin", url }, 1)))
    onTestFinished(() => clone.stop())
    return clone
  }

  async start(): Promise<void> {
    const at = (name: string) => join(this.directory, name)
    const places = { state: this.directory } as Directories["Service"]
    const layer = Layer.mergeAll(SyncStore.layer, ConfirmationStore.layer, GitTransport.layer).pipe(
      Layer.provideMerge(EventLog.layer([agentProjection, messageProjection])),
      Layer.provideMerge(Sqlite.layer({ file: at("agentd.db"), backups: at("backups") })),
      Layer.provide(Layer.merge(GitProcess.directUpTo(this.maxFileBytes), Layer.succeed(Directories, places)))
    )
    this.#scope = Effect.runSync(Scope.make())
    // The messages' directory query looks at sessions; nothing of a cycle does.
    this.#context = await Effect.runPromise(Layer.build(layer).pipe(Scope.provide(this.#scope)))
  }

  async stop(): Promise<void> {
    if (this.#context === undefined) return
    this.#context = undefined
    await Effect.runPromise(Scope.close(this.#scope, Exit.void))
  }

  run<A, E>(effect: Effect.Effect<A, E, Services>): Promise<A> {
    return Effect.runPromise(
      Effect.provide(effect, this.#context!).pipe(
        Effect.provideService(
          Clock.Clock,
          clockAhead(() => this.ahead)
        )
      )
    )
  }

  get origin(): Promise<string> {
    return this.run(Effect.map(EventLog, ({ origin }) => origin))
  }

  share(...bodies: ReadonlyArray<EventBody>): Promise<ReadonlyArray<Event>> {
    return this.run(Effect.flatMap(EventLog, (log) => log.share(WORKSPACE, bodies)))
  }

  /** The id of this installation's agent, registered when it is first asked for. */
  async agent(): Promise<string> {
    if (this.#agent !== undefined) return this.#agent
    const profile = { role: null, module: null, display: null, worktree: "/private/path", by: null }
    const [event] = await this.share({
      type: "agent.registered",
      name: this.name,
      kind: "agent",
      ...profile,
      host: "h"
    })
    this.#agent = madeBy("agt_", event!)
    return this.#agent
  }

  /** Answers the message's id. */
  async send(text: string): Promise<string> {
    const [event] = await this.share(said(await this.agent(), this.name, text))
    return madeBy("msg_", event!)
  }

  async edit(message: string, text: string): Promise<void> {
    const author = await this.agent()
    await this.share({ type: "message.edited", message, author, format: "plain", text, data: null })
  }

  sync({ again = false } = {}): Promise<Outcome> {
    return this.run(cycle({ workspace: WORKSPACE, url: this.url }, { again }))
  }

  /** A cycle that ends at a named moment, as a kill would end it there. */
  async dieAt(name: MilestoneName): Promise<void> {
    const exit = await this.run(
      Effect.exit(
        Effect.provideService(cycle({ workspace: WORKSPACE, url: this.url }, { again: false }), Milestone, (at) =>
          at === name ? Effect.interrupt : Effect.void
        )
      )
    )
    if (Exit.isSuccess(exit)) throw new Error(`the cycle has no moment "${name}"`)
    await this.stop()
    await this.start()
  }

  texts(): Promise<ReadonlyArray<string>> {
    return this.run(
      Effect.flatMap(EventLog, ({ query }) =>
        Effect.map(
          query((sql) => sql<{ text: string }>`SELECT text FROM messages ORDER BY sent`),
          (rows) => rows.map(({ text }) => text)
        )
      )
    )
  }

  /** Everything that all installations agree on: the ids of what happened, and every row that follows from it. */
  state(): Promise<string> {
    return this.run(
      Effect.flatMap(EventLog, ({ query }) =>
        query((sql) =>
          Effect.gen(function* () {
            const events =
              yield* sql`SELECT id, origin, origin_seq, clock, at FROM events WHERE origin IS NOT NULL ORDER BY id`
            const messages = yield* sql`SELECT id, origin, sent, thread, author, text, version, edited_at, deleted_at
              FROM messages ORDER BY id`
            const mailbox =
              yield* sql`SELECT message, agent, sent, seen_at, read_at, archived, deleted FROM mailbox ORDER BY message, agent`
            const agents = yield* sql`SELECT id, name, origin, status, deleted_at FROM agents ORDER BY id`
            return JSON.stringify({ events, messages, mailbox, agents })
          })
        )
      )
    )
  }

  quarantine() {
    return this.run(Effect.flatMap(SyncStore, (store) => store.quarantine(WORKSPACE)))
  }
}

const clockAhead = (ms: () => number): Clock.Clock => {
  const clock = Effect.runSync(Clock.Clock)
  const now = () => clock.currentTimeMillisUnsafe() + ms()
  return {
    sleep: (duration) => clock.sleep(duration),
    currentTimeMillisUnsafe: now,
    currentTimeMillis: Effect.sync(now),
    currentTimeNanosUnsafe: () => BigInt(now()) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(now()) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos
  }
}

export const said = (author: string, name: string, text: string): EventBody => ({
  type: "message.sent",
  author: { id: author, name },
  to: [],
  recipients: [],
  thread: null,
  replyTo: null,
  scopes: [],
  refs: [],
  format: "plain",
  text,
  data: null,
  key: "private key of a send"
})

/** Each in turn, twice: whatever the first round brings, the second carries everywhere. */
export const settle = async (...clones: ReadonlyArray<Clone>): Promise<void> => {
  for (let round = 0; round < 2; round++) for (const clone of clones) await clone.sync()
}

/** A working tree of the branch, for those who meddle with it by hand. */
export class Meddler {
  readonly directory = temporary()
  readonly #remote: string

  constructor(remote: string) {
    this.#remote = remote
    git(this.directory, "clone", "--quiet", "--branch", "agentd-sync", remote, ".")
  }

  /** Has what others have put there since, and nothing else. */
  catchUp(): void {
    git(this.directory, "fetch", "--quiet")
    git(this.directory, "reset", "--quiet", "--hard", "origin/agentd-sync")
  }

  files(): ReadonlyArray<string> {
    return git(this.directory, "ls-files").split("\n").filter(Boolean)
  }

  read(path: string): string {
    return readFileSync(join(this.directory, path), "utf8")
  }

  write(path: string, text: string | Buffer): void {
    mkdirSync(dirname(join(this.directory, path)), { recursive: true })
    writeFileSync(join(this.directory, path), text)
  }

  push(...options: ReadonlyArray<string>): void {
    git(this.directory, "add", "--all")
    git(this.directory, "commit", "--quiet", "--allow-empty", "-m", "meddled")
    git(this.directory, "push", "--quiet", ...options, this.#remote, "HEAD:refs/heads/agentd-sync")
  }
}
