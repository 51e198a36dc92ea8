/**
 * Records a program on a terminal of its own as an asciicast, with markers that say what its script knows to be true at that moment. The
 * program runs in a shell, so that what its end leaves behind is recorded too; an emulator answers what it asks its terminal.
 */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { hostname } from "node:os"
import { ReadStream } from "node:tty"
import { zstdCompressSync } from "node:zlib"
import { loadPtyAddon } from "../../../../src/host/pty/PtyAddon.ts"
import type { Truth } from "../fixtures.ts"

const { Terminal } = createRequire(import.meta.url)("@xterm/headless") as typeof import("@xterm/headless")

/** Milliseconds without output after which a screen is taken to be drawn. */
const QUIET_MS = 400
/** Milliseconds between two pictures of a program that moves, at the least. */
const PICTURE_MS = 40
/** Milliseconds for a program to show what is waited for, on a busy machine, and between two looks at it. */
const PATIENCE_MS = 120_000
const POLL_MS = 20

export const PROMPT = "user@host:~$ "

export interface Stage {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly cols: number
  readonly rows: number
}

export class Recorder implements Disposable {
  readonly #lines: Array<string> = []
  readonly #stream: ReadStream
  readonly #screen: InstanceType<typeof Terminal>
  readonly #decoder = new TextDecoder()
  /** Of the shell. */
  readonly pid: number
  #title = ""
  #at = performance.now()
  #last = performance.now()

  constructor({ cols, cwd, env, rows }: Stage, about: object) {
    this.#lines.push(JSON.stringify({ version: 3, term: { cols, rows, type: "xterm-256color" }, ...about }))
    this.#screen = new Terminal({ cols, rows, allowProposedApi: true })
    const { addon, helper } = loadPtyAddon()
    const all = { TERM: "xterm-256color", COLORTERM: "truecolor", LANG: "C.UTF-8", PS1: PROMPT, ...env }
    const pairs = Object.entries(all).map(([name, value]) => `${name}=${value}`)
    const shell = ["--norc", "--noprofile", "-i"]
    const { fd, pid } = addon.fork("/bin/bash", shell, pairs, cwd, cols, rows, -1, -1, true, helper, () => {})
    this.pid = pid
    this.#stream = new ReadStream(fd)
    this.#stream.on("data", (bytes: Buffer) => this.#take(bytes))
    this.#stream.on("error", () => this.#stream.destroy())
    this.#screen.onTitleChange((title) => {
      this.#title = title
    })
    this.#screen.onData((answer) => this.type(answer))
  }

  #take(bytes: Buffer): void {
    const text = this.#decoder.decode(bytes, { stream: true })
    this.#last = performance.now()
    this.#event("o", text)
    this.#screen.write(bytes)
  }

  #event(kind: string, data: string): void {
    const now = performance.now()
    this.#lines.push(JSON.stringify([Math.round(now - this.#at) / 1000, kind, data]))
    this.#at = now
  }

  type(text: string): void {
    this.#last = performance.now()
    this.#stream.write(text)
  }

  get rows(): ReadonlyArray<string> {
    const { active } = this.#screen.buffer
    return Array.from(
      { length: this.#screen.rows },
      (_, y) =>
        active
          .getLine(active.baseY + y)
          ?.translateToString(true)
          .trimEnd() ?? ""
    )
  }

  /** Ends the program that has the terminal as a crash does, and waits for the shell's prompt, wherever that is drawn. */
  async crash(): Promise<void> {
    // The sixth word behind the name, which may have blanks: the terminal's foreground group (proc_pid_stat(5)).
    const group = Number(
      /^\d+ \(.*\) \S+ \S+ \S+ \S+ \S+ (\d+)/s.exec(readFileSync(`/proc/${this.pid}/stat`, "utf8"))?.[1]
    )
    if (!(group > 1) || group === this.pid) throw new Error("no program runs in the shell")
    process.kill(-group, "SIGKILL")
    const until = performance.now() + PATIENCE_MS
    const before = () => this.rows[this.#screen.buffer.active.cursorY]?.padEnd(PROMPT.length).slice(0, PROMPT.length)
    while (before() !== PROMPT && performance.now() < until) await pause(POLL_MS)
    await this.settles()
  }

  /** Waits for a screen with this on it. */
  async shows(what: RegExp): Promise<void> {
    const until = performance.now() + PATIENCE_MS
    while (!what.test(this.rows.join("\n"))) {
      if (performance.now() > until) throw new Error(`${what} is not on the screen:\n${this.rows.join("\n")}`)
      await pause(POLL_MS)
    }
  }

  /** Waits until nothing is typed or written any more. */
  async settles(quiet = QUIET_MS): Promise<void> {
    const until = performance.now() + PATIENCE_MS
    while (performance.now() - this.#last < quiet && performance.now() < until) await pause(POLL_MS)
  }

  /** Lets the program go on for a while, where nothing that it shows tells when that is over; then until a picture is complete. */
  async lasts(ms: number): Promise<void> {
    await pause(ms)
    await this.settles(PICTURE_MS)
  }

  mark(truth: Truth): void {
    this.#event("m", JSON.stringify(truth))
    if (process.env.SHOW_MARKS === undefined) return
    const { cursorX, cursorY, type } = this.#screen.buffer.active
    const about = `${JSON.stringify(truth)} cursor ${cursorX},${cursorY} ${type} ${this.#title}`
    process.stdout.write(`\n##### ${about}\n${this.rows.join("\n")}\n`)
  }

  /** The recording, compressed; refused if it names this machine. */
  cast(): Buffer {
    const text = `${this.#lines.join("\n")}\n`
    const told = [hostname(), process.env.HOME ?? "/root", process.env.SSH_CLIENT ?? ""].filter(
      (secret) => secret.length > 3
    )
    const found = told.filter((secret) => text.includes(secret))
    if (found.length > 0) throw new Error(`the recording names this machine: ${found.join(", ")}`)
    return zstdCompressSync(Buffer.from(text))
  }

  [Symbol.dispose](): void {
    this.#stream.destroy()
    try {
      process.kill(-this.pid, "SIGHUP")
    } catch {}
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
