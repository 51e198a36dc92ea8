/**
 * A place of its own for one run: a directory, processes started in it, and nothing left of either afterwards.
 */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { asServer } from "./processors.ts"

/** Milliseconds a process may take to follow SIGTERM before it is killed. */
const TERM_MS = 10_000

export class Scratch implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "agentd-bench-"))
  readonly #children = new Set<ChildProcess>()
  #names = 0

  /** A path that nobody uses yet. Short: a socket's path has 107 bytes. */
  path(suffix = ""): string {
    return join(this.folder, `${this.#names++}${suffix}`)
  }

  directory(): string {
    const path = this.path()
    mkdirSync(path, { mode: 0o700 })
    return path
  }

  spawn(file: string, args: ReadonlyArray<string>, options: SpawnOptions = {}): ChildProcess {
    const [command = file, ...rest] = asServer([file, ...args])
    const child = spawn(command, rest, { stdio: ["ignore", "ignore", "inherit"], ...options })
    this.#children.add(child)
    child.on("exit", () => this.#children.delete(child))
    return child
  }

  async stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    const gone = new Promise((resolve) => child.once("exit", resolve))
    child.kill("SIGTERM")
    const timer = setTimeout(() => child.kill("SIGKILL"), TERM_MS)
    await gone
    clearTimeout(timer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.stop(child)))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Resolves with the first line of the stream that contains `text`; rejects when the process ends before. */
export const lineWith = (child: ChildProcess, from: "stdout" | "stderr", text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let seen = ""
    child[from]!.on("data", (chunk: Buffer) => {
      seen += chunk
      const line = seen.split("\n").find((candidate) => candidate.includes(text))
      if (line !== undefined) resolve(line)
    })
    child.once("error", reject)
    child.once("exit", (code) =>
      reject(new Error(`${child.spawnfile} ended (${code}) before it said "${text}": ${seen}`))
    )
  })
