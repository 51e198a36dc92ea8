/**
 * The user's terminal while a session is attached to it: raw mode on and off, bytes written at the speed it takes them,
 * and its way back to what it was, in every ending.
 */
import { spawnSync } from "node:child_process"
import { writeSync } from "node:fs"
import type { ReadStream, WriteStream } from "node:tty"
import { unasked } from "./questions.ts"
import { PUSH_TITLE, restoreSequence, toFreshLine } from "./restore.ts"
import { TerminalTracker } from "./TerminalTracker.ts"

/** Milliseconds that what is already written may take to reach a slow terminal before it is restored over it. */
const FLUSH_MS = 500
/** Attempts to write the last bytes to a terminal that is momentarily full. */
const LAST_ATTEMPTS = 200

export class RawTerminal {
  readonly tracker = new TerminalTracker()
  readonly #input: ReadStream
  readonly #output: WriteStream
  readonly #onExit = () => this.restore(false)
  #raw = false
  #titlePushed = false

  constructor(input: ReadStream = process.stdin, output: WriteStream = process.stdout) {
    this.#input = input
    this.#output = output
  }

  get size(): { readonly cols: number; readonly rows: number } {
    return { cols: this.#output.columns, rows: this.#output.rows }
  }

  enter(): void {
    this.#enterRaw()
    // Writing must never block the event loop: keys and signals arrive while the terminal is slow.
    const handle = (this.#output as unknown as { readonly _handle?: { setBlocking?(on: boolean): void } })._handle
    handle?.setBlocking?.(false)
    process.on("exit", this.#onExit)
  }

  /** Writes a program's bytes; resolves when the terminal can take more. Unless it `answers`, nothing in them is asked of it. */
  write(printed: Uint8Array, answers = true): Promise<void> | undefined {
    const questions = this.tracker.scan(printed)
    const bytes = questions === null || answers ? printed : unasked(printed, questions)
    if (this.tracker.title && !this.#titlePushed) {
      this.#titlePushed = true
      this.#output.write(PUSH_TITLE)
    }
    if (this.#output.write(bytes) || this.#output.destroyed) return undefined
    return new Promise((resolve) => {
      const done = () => {
        this.#output.off("drain", done)
        this.#output.off("close", done)
        resolve()
      }
      this.#output.on("drain", done)
      this.#output.on("close", done)
    })
  }

  /** Words of ours, in the middle of the program's. */
  say(text: string): void {
    this.#output.write(text)
  }

  /** Lets bytes on their way arrive, as far as the terminal takes them. */
  async flush(): Promise<void> {
    if (this.#output.writableLength === 0 || this.#output.destroyed) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FLUSH_MS)
      this.#output.write("", () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /**
   * Puts everything back. Synchronous, because it also runs while the process is dying.
   *
   * @param ended the program has ended, so its cursor is where the next line may begin
   */
  restore(ended: boolean): void {
    process.off("exit", this.#onExit)
    if (!this.#raw) return
    const capable = process.env.TERM !== undefined && process.env.TERM !== "dumb"
    const { state } = this.tracker
    writeAll(
      (this.#output as unknown as { readonly fd: number }).fd,
      restoreSequence(state, { titlePushed: this.#titlePushed, capable }) + toFreshLine(state, ended)
    )
    this.#leaveRaw()
  }

  /** Gives the terminal back and stops this process, until it is continued. */
  suspend(): void {
    this.restore(false)
    process.kill(process.pid, "SIGSTOP")
  }

  /** After a stop: the shell, or whoever had the terminal, may have changed it. */
  resume(): void {
    this.#leaveRaw()
    this.#titlePushed = false
    this.enter()
  }

  #enterRaw(): void {
    this.#input.setRawMode(true)
    // Node's raw mode leaves output processing on: a bare line feed would also return the carriage, and full-screen
    // programs use it to go straight down. Undone with the rest by setRawMode(false).
    spawnSync("stty", ["-opost"], { stdio: [this.#input, "ignore", "ignore"] })
    this.#raw = true
  }

  #leaveRaw(): void {
    this.#raw = false
    try {
      this.#input.setRawMode(false)
    } catch {
      // The terminal is gone.
    }
  }
}

const writeAll = (fd: number, text: string): void => {
  let bytes = Buffer.from(text)
  for (let attempt = 0; bytes.length > 0 && attempt < LAST_ATTEMPTS; attempt++) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EAGAIN") return
      Atomics.wait(pauseCell, 0, 0, 5)
    }
  }
}

const pauseCell = new Int32Array(new SharedArrayBuffer(4))
