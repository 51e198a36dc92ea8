/**
 * One `agentd` process under test: spawned as people spawn it, told apart by its own pid, its log collected.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { RawClient } from "./RawClient.ts"
import type { Sandbox } from "./Sandbox.ts"

const ownProgram = process.env.AGENTD_BIN ?? fileURLToPath(new URL("../../bin/agentd", import.meta.url))

export interface LogLine {
  readonly time: string
  readonly level: string
  readonly message: string
  readonly cause?: string
  readonly event?: string
  readonly session?: string
  readonly name?: string
}

interface SpawnOptions {
  readonly args?: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly through?: ReadonlyArray<string>
  /** Another program than this tree's. */
  readonly program?: string
}

export class Daemon {
  readonly sandbox: Sandbox
  readonly child: ChildProcess
  /** Everything it wrote to standard error, and to standard output. */
  stderr = ""
  stdout = ""
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** Resolves once it listens; rejects with what it wrote if it ends before. */
  readonly ready: Promise<void>
  #ended = false
  readonly #waiting = new Set<() => void>()

  constructor(sandbox: Sandbox, { args = [], env, program = ownProgram, through = [] }: SpawnOptions) {
    if (process.env.AGENTD_BUNDLE_BROKEN !== undefined) throw new Error("the bundle could not be built: see above")
    this.sandbox = sandbox
    const [file, ...rest] = [...through, program, ...args]
    this.child = spawn(file!, rest, { env, cwd: join("/"), stdio: ["ignore", "pipe", "pipe"] })
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text
      for (const look of [...this.#waiting]) look()
    })
    this.child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text
    })
    this.exited = new Promise((resolve, reject) => {
      this.child.on("error", reject)
      this.child.on("close", (code, signal) => {
        this.#ended = true
        for (const look of [...this.#waiting]) look()
        resolve({ code, signal })
      })
    })
    this.ready = this.written(/ listens on /).then(() => {})
    // Not every test waits for it.
    this.ready.catch(() => {})
  }

  get pid(): number {
    return this.child.pid!
  }

  get code(): number | null {
    return this.child.exitCode
  }

  /** The log so far, as whatever collects it would read it. */
  get log(): ReadonlyArray<LogLine> {
    return this.stderr
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as LogLine)
  }

  /** Resolves with what it wrote, once that matches; rejects if it ends without. */
  written(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (pattern.test(this.stderr)) resolve(this.stderr)
        else if (this.#ended) reject(new Error(`agentd ended without writing ${pattern}:\n${this.stderr}`))
        else return
        this.#waiting.delete(look)
      }
      this.#waiting.add(look)
      look()
    })
  }

  connect(): Promise<RawClient> {
    return this.sandbox.connect()
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  /** SIGTERM, and its end. */
  async stop() {
    if (!this.#ended) this.signal("SIGTERM")
    return this.exited
  }

  /** SIGKILL, and its end. */
  async kill() {
    if (!this.#ended) this.signal("SIGKILL")
    return this.exited
  }
}
