/**
 * `agentctl top` on a terminal: looks, draws and obeys keys until somebody has had enough, and leaves the terminal as it was.
 */
import { setTimeout } from "node:timers/promises"
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import { attached } from "../fullscreen/attached.ts"
import { FullScreen } from "../fullscreen/FullScreen.ts"
import { meaning, moved } from "../fullscreen/Keys.ts"
import { pageOf, picture, type State } from "./picture.ts"
import { type Look, look, rowsOf, type Sort, sorted } from "./Row.ts"

export interface WatchOptions {
  readonly intervalMs: number
  readonly sort: Sort
  readonly ascii: boolean
  readonly colour: boolean
}

/** Why a while on the screen ended. */
type Outcome = { readonly type: "quit" } | { readonly type: "attach"; readonly session: string }

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
    const signal = await attached(client, { session: outcome.session }, (why) => top.say(why))
    if (signal !== null) return signal
  }
}

class Top {
  readonly #client: Client
  readonly #options: WatchOptions
  #last: Look | null = null
  #state: State
  readonly #screen = new FullScreen()

  constructor(client: Client, options: WatchOptions) {
    this.#client = client
    this.#options = options
    this.#state = { rows: [], sort: options.sort, selected: null, asking: false, message: null }
  }

  say(message: string): void {
    this.#change({ message })
  }

  show() {
    const { ascii, colour } = this.#options
    return this.#screen.show<Outcome>({
      picture: (size) => picture(this.#state, { ...size, ascii, colour }),
      onKey: (key, size, end) => this.#obey(meaning(key), pageOf(size), end),
      meanwhile: (signal) => this.#keepLooking(signal)
    })
  }

  /** One look after the other, the next one an interval after the answer. Fails only by mistakes of ours. */
  async #keepLooking(signal: AbortSignal): Promise<void> {
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
    if (key === "quit") return end({ type: "quit" })
    if (chosen === undefined) return
    if (key === "enter") return end({ type: "attach", session: chosen.id })
    if (key === "s") return this.#change({ asking: true, message: null })
    const at = moved(key, rows.indexOf(chosen), rows.length, page)
    if (at !== null) this.#change({ selected: rows[at]!.id, message: null })
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
    this.#screen.draw()
  }
}

/** Begins the message while no daemon answers, and goes when one does. */
const AWAY = "Trying again:"
