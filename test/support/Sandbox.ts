/**
 * A home of its own for a daemon under test: its directories, its environment, and the proof that nothing is left of it.
 *
 *     await using sandbox = makeSandbox()
 *     const daemon = await sandbox.start({ config: '[daemon]\nidle_exit = "1s"\n' })
 *     await using client = await daemon.connect()
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Daemon } from "./Daemon.ts"
import { oneGone } from "./poll.ts"
import { RawClient } from "./RawClient.ts"

export interface StartOptions {
  readonly args?: ReadonlyArray<string>
  /** Added to the sandbox's environment; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Text of the user's `agentd.toml`. */
  readonly config?: string
  /** A program, with arguments, that runs the daemon: `setpriv`, `script`, a shell. */
  readonly through?: ReadonlyArray<string>
  /** Another program than this tree's `agentd`. */
  readonly program?: string
}

/** Milliseconds a process may take to leave on a busy machine. */
const LEAVE_MS = 5_000

export class Sandbox implements AsyncDisposable {
  readonly root: string
  readonly home: string
  /** `XDG_RUNTIME_DIR`; the daemon's own directory is `runtime`. */
  readonly xdgRuntime: string
  readonly xdgState: string
  readonly runtime: string
  readonly state: string
  readonly configFile: string
  readonly socket: string
  readonly pidFile: string
  readonly database: string
  readonly transcripts: string
  readonly env: Readonly<Record<string, string>>
  readonly #daemons: Array<Daemon> = []
  readonly #clients: Array<RawClient> = []

  constructor(parent: string) {
    this.root = mkdtempSync(join(parent, "agentd-test-"))
    this.home = join(this.root, "home")
    this.xdgRuntime = join(this.root, "run")
    this.xdgState = join(this.root, "state")
    this.runtime = join(this.xdgRuntime, "agentd")
    this.state = join(this.xdgState, "agentd")
    this.configFile = join(this.root, "config", "agentd", "agentd.toml")
    this.socket = join(this.runtime, "api.sock")
    this.pidFile = join(this.runtime, "agentd.pid")
    this.database = join(this.state, "agentd.db")
    this.transcripts = join(this.state, "transcripts")
    for (const path of [this.home, this.xdgRuntime, this.xdgState, join(this.root, "config", "agentd")]) {
      mkdirSync(path, { recursive: true, mode: 0o700 })
    }
    this.env = {
      PATH: process.env.PATH ?? "/usr/bin:/bin",
      LANG: "C.UTF-8",
      HOME: this.home,
      XDG_RUNTIME_DIR: this.xdgRuntime,
      XDG_STATE_HOME: this.xdgState,
      XDG_CONFIG_HOME: join(this.root, "config")
    }
  }

  configure(text: string): void {
    writeFileSync(this.configFile, text, { mode: 0o600 })
  }

  /** Spawns `agentd` without waiting for anything. */
  spawn(options: StartOptions = {}): Daemon {
    if (options.config !== undefined) this.configure(options.config)
    const daemon = new Daemon(this, { ...options, env: { ...this.env, ...options.env } })
    this.#daemons.push(daemon)
    return daemon
  }

  /** Starts a daemon and waits until it says that it listens. */
  async start(options: StartOptions = {}): Promise<Daemon> {
    const daemon = this.spawn(options)
    await daemon.ready
    return daemon
  }

  async connect(): Promise<RawClient> {
    const client = await RawClient.open(this.socket)
    this.#clients.push(client)
    return client
  }

  /** Waits for the end of every daemon that was started. */
  async stopped(): Promise<void> {
    for (const daemon of this.#daemons) await daemon.exited
  }

  /** Ends every connection made so far. */
  disconnect(): void {
    for (const client of this.#clients.splice(0)) client.destroy()
  }

  /** Processes that belong to this sandbox: daemons by their directories, sessions by the socket they were given. */
  processes(): ReadonlyArray<{ readonly pid: number; readonly command: string }> {
    const marks = [`XDG_RUNTIME_DIR=${this.xdgRuntime}`, `AGENTD_SOCKET=${this.socket}`]
    return readdirSync("/proc").flatMap((name) => {
      if (!/^\d+$/.test(name)) return []
      const environment = read(`/proc/${name}/environ`).split("\0")
      if (!marks.some((mark) => environment.includes(mark))) return []
      return [{ pid: Number(name), command: read(`/proc/${name}/cmdline`).replaceAll("\0", " ") }]
    })
  }

  /**
   * What is there once everything that is on its way out has gone: a daemon removes its pid file before it ends, and the programs
   * of a killed one still have to hear of it.
   */
  async #lastProcesses() {
    const end = performance.now() + LEAVE_MS
    for (;;) {
      const left = this.processes()
      if (left.length === 0 || performance.now() > end) return left
      await oneGone(
        left.map(({ pid }) => pid),
        end - performance.now()
      )
    }
  }

  /** Stops what runs, then fails if a process or a file in the runtime directory outlived its daemon. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.disconnect()
    for (const daemon of this.#daemons) await daemon.stop()
    const left = await this.#lastProcesses()
    for (const { pid } of left) kill(pid)
    const orderly = this.#daemons.at(-1)?.code === 0
    const files = orderly && existsSync(this.runtime) ? readdirSync(this.runtime) : []
    rmSync(this.root, { recursive: true, force: true })
    if (left.length > 0) throw new Error(`processes are left: ${left.map(({ command }) => command).join(", ")}`)
    if (files.length > 0) throw new Error(`files are left in the runtime directory: ${files.join(", ")}`)
  }
}

/** Below another directory than the system's temporary one: a file system in memory, a full one, a path that is too long. */
export const makeSandbox = (parent: string = tmpdir()): Sandbox => new Sandbox(parent)

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

const kill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It has gone by itself.
  }
}
