/**
 * `agentctl top` on a terminal: looks, draws and obeys keys until somebody has had enough, and leaves the terminal as it was.
 */
import { setTimeout } from "node:timers/promises"
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import { attachTo } from "../attachTo.ts"
import { RawTerminal } from "../terminal/RawTerminal.ts"
import { BEGIN, Canvas } from "./Canvas.ts"
import { Keys } from "./Keys.ts"
import { pageOf, picture, type State } from "./picture.ts"
import { type Look, look, rowsOf, type Sort, sorted } from "./Row.ts"

export interface WatchOptions {
  readonly intervalMs: number
  readonly sort: Sort
  readonly ascii: boolean
  readonly colour: boolean
}

/** Why a while on the screen ended. */
type Outcome =
  | { readonly type: "quit" }
  | { readonly type: "signal"; readonly signal: NodeJS.Signals }
  | { readonly type: "attach"; readonly session: string }

const ENDING_SIGNALS = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const

const SORT_KEYS: Readonly<Record<string, Sort>> = { c: "cpu", m: "memory", o: "output", n: "name" }

/** Resolves to the signal that ended it, or null when the user did. */
export const watch = async (client: Client, options: WatchOptions): Promise<NodeJS.Signals | null> => {
  // Without a daemon to begin with there is nothing to wait for.
  await client.call("health", {})
  const top = new Top(client, options)
  for (;;) {
    const outcome = await top.show()
    if (outcome.type === "quit") return null
    if (outcome.type === "signal") return outcome.signal
    const signal = await attached(client, outcome.session, (why) => top.say(why))
    if (signal !== null) return signal
  }
}

/** The session's own terminal, until it is left; then the list again. A signal meanwhile is meant for both. */
const attached = async (
  client: Client,
  session: string,
  say: (why: string) => void
): Promise<NodeJS.Signals | null> => {
  let ending: NodeJS.Signals | null = null
  const note = (signal: NodeJS.Signals) => {
    ending = signal
  }
  for (const signal of ENDING_SIGNALS) process.on(signal, note)
  try {
    await attachTo(client, { session })
  } catch (error) {
    if (!(error instanceof AgentdError)) throw error
    say(error.message)
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, note)
  }
  return ending
}

class Top {
  readonly #client: Client
  readonly #options: WatchOptions
  #last: Look | null = null
  #state: State
  #draw: () => void = () => {}

  constructor(client: Client, options: WatchOptions) {
    this.#client = client
    this.#options = options
    this.#state = { rows: [], sort: options.sort, selected: null, asking: false, message: null }
  }

  say(message: string): void {
    this.#change({ message })
  }

  async show(): Promise<Outcome> {
    const terminal = new RawTerminal()
    const ended = Promise.withResolvers<Outcome>()
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
    this.#draw = () =>
      canvas.draw(picture(this.#state, { ...terminal.size, ascii: this.#options.ascii, colour: this.#options.colour }))

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
        else this.#obey(key, pageOf(terminal.size), ended.resolve)
      }
    })
    process.stdin.resume()
    const stopped = new AbortController()
    const looking = this.#keepLooking(stopped.signal)
    try {
      return await Promise.race([ended.promise, looking])
    } finally {
      stopped.abort()
      this.#draw = () => {}
      await terminal.flush()
      for (const step of undo.splice(0)) step()
      process.stdin.pause()
      terminal.restore(false)
    }
  }

  /** One look after the other, the next one an interval after the answer. Fails only by mistakes of ours. */
  async #keepLooking(signal: AbortSignal): Promise<never> {
    while (!signal.aborted) {
      try {
        const { sessions } = await this.#client.call("session.list", { usage: true })
        this.#last = look(this.#last, sessions, performance.now(), Date.now())
        const { selected, sort } = this.#state
        const rows = sorted(rowsOf(this.#last), sort)
        const still = rows.some(({ id }) => id === selected)
        this.#change({
          rows,
          selected: still ? selected : (rows[0]?.id ?? null),
          asking: this.#state.asking && still,
          ...(this.#state.message?.startsWith(AWAY) ? { message: null } : {})
        })
      } catch (error) {
        if (!(error instanceof AgentdError)) throw error
        this.#change({ message: `${AWAY} ${error.message}` })
      }
      await setTimeout(this.#options.intervalMs, undefined, { signal }).catch(() => {})
    }
    return new Promise<never>(() => {})
  }

  #obey(key: string, page: number, end: (outcome: Outcome) => void): void {
    const { asking, rows, selected } = this.#state
    const chosen = rows.find(({ id }) => id === selected)
    if (asking) {
      this.#change({ asking: false })
      if (/^[yY]$/.test(key) && chosen !== undefined) this.#stop(chosen.id, chosen.name)
      if (key === "quit") end({ type: "quit" })
      return
    }
    const sort = SORT_KEYS[key]
    if (sort !== undefined) return this.#change({ sort, rows: sorted(rows, sort), message: null })
    if (key === "quit" || key === "Q") return end({ type: "quit" })
    if (chosen === undefined) return
    if (key === "enter") return end({ type: "attach", session: chosen.id })
    if (key === "s") return this.#change({ asking: true, message: null })
    const moves: Readonly<Record<string, number>> = {
      up: -1,
      down: 1,
      "page up": -page,
      "page down": page,
      home: -rows.length,
      end: rows.length
    }
    const move = moves[key]
    if (move === undefined) return
    const at = Math.max(0, Math.min(rows.length - 1, rows.indexOf(chosen) + move))
    this.#change({ selected: rows[at]!.id, message: null })
  }

  #stop(session: string, name: string): void {
    this.say(`stopping ${name} …`)
    this.#client.call("session.stop", { session }).then(
      () => this.say(`${name} has ended`),
      (error: Error) => this.say(`${name}: ${error.message}`)
    )
  }

  #change(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change }
    this.#draw()
  }
}

/** Begins the message while no daemon answers, and goes when one does. */
const AWAY = "Trying again:"
