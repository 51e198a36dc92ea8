/**
 * A picture of ours on the user's whole terminal, from the first line to the terminal as it was found: drawn anew whenever what it
 * shows has changed, keys handed on, sizes, signals and stops taken care of.
 */
import { RawTerminal } from "../terminal/RawTerminal.ts"
import { BEGIN, Canvas } from "./Canvas.ts"
import { Keys } from "./Keys.ts"

export interface Size {
  readonly cols: number
  readonly rows: number
}

export interface Signalled {
  readonly type: "signal"
  readonly signal: NodeJS.Signals
}

export interface Show<Outcome> {
  readonly picture: (size: Size) => ReadonlyArray<string>
  readonly onKey: (key: string, size: Size, end: (outcome: Outcome) => void) => void
  /** Goes on while it is shown; fails only by mistakes of ours. */
  readonly meanwhile: (signal: AbortSignal) => Promise<void>
}

export const ENDING_SIGNALS = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const

export class FullScreen {
  #draw: () => void = () => {}

  /** What the picture shows has changed; nothing happens while it is not shown. */
  draw(): void {
    this.#draw()
  }

  async show<Outcome>({ meanwhile, onKey, picture }: Show<Outcome>): Promise<Outcome | Signalled> {
    const terminal = new RawTerminal()
    const ended = Promise.withResolvers<Outcome | Signalled>()
    const undo: Array<() => void> = []
    const on = (emitter: NodeJS.EventEmitter, event: string, listener: (...args: Array<never>) => void) => {
      emitter.on(event, listener as (...args: Array<unknown>) => void)
      undo.push(() => emitter.off(event, listener as (...args: Array<unknown>) => void))
    }
    const write = (bytes: Buffer, done: () => void) => {
      terminal.tracker.scan(bytes)
      process.stdout.write(bytes, done)
    }
    const canvas = new Canvas({ write })
    const begin = () => {
      write(Buffer.from(BEGIN), () => {})
      canvas.forget()
      this.#draw()
    }
    this.#draw = () => canvas.draw(picture(terminal.size))

    terminal.enter()
    begin()
    for (const signal of ENDING_SIGNALS) on(process, signal, () => ended.resolve({ type: "signal", signal }))
    on(process, "SIGTSTP", () => terminal.suspend())
    on(process, "SIGCONT", () => {
      terminal.resume()
      begin()
    })
    on(process.stdout, "resize", begin)
    for (const [stream, event] of [
      [process.stdout, "error"],
      [process.stdin, "error"],
      [process.stdin, "end"]
    ] as const)
      on(stream, event, () => ended.resolve({ type: "signal", signal: "SIGHUP" }))
    const keys = new Keys()
    on(process.stdin, "data", (chunk: Buffer) => {
      for (const key of keys.feed(chunk)) {
        if (key === "suspend") terminal.suspend()
        else if (key === "redraw") begin()
        else onKey(key, terminal.size, ended.resolve)
      }
    })
    process.stdin.resume()
    const stopped = new AbortController()
    const failed = meanwhile(stopped.signal).then(() => new Promise<never>(() => {}))
    try {
      return await Promise.race([ended.promise, failed])
    } finally {
      stopped.abort()
      this.#draw = () => {}
      await terminal.flush()
      for (const step of undo.splice(0)) step()
      process.stdin.pause()
      terminal.restore(false)
    }
  }
}
