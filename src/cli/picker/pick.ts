/** The picker on a terminal: keeps looking, draws and obeys keys, goes into sessions and comes back, until somebody has had enough. */
import { setTimeout } from "node:timers/promises"
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import { attached } from "../fullscreen/attached.ts"
import { FullScreen } from "../fullscreen/FullScreen.ts"
import { commandOf } from "./commandOf.ts"
import { Machines } from "./Machines.ts"
import { pageOf, picture } from "./picture.ts"
import { type Entry, initial, type Request, type State, step, withEntries } from "./State.ts"

export interface PickOptions {
  readonly ascii: boolean
  readonly colour: boolean
  /** Sessions of connected machines, too. */
  readonly elsewhere: boolean
  /** Starts a program on the machine the picker is about; resolves to the session's id. */
  readonly start: (argv: ReadonlyArray<string> | null) => Promise<string>
}

/** Milliseconds between two lists of one machine, and how many times as long as it took to answer is waited at least. */
const INTERVAL_MS = 500
const PATIENCE = 10
/** Milliseconds between two looks at which machines are connected. */
const HOSTS_MS = 3_000
/** Milliseconds between two screens that are asked for: ten a second at the most, one at a time. */
const SCREEN_MS = 100

/** Resolves to the signal that ended it, or null when the user did. */
export const pick = async (client: Client, options: PickOptions): Promise<NodeJS.Signals | null> => {
  await using machines = new Machines(client)
  const picker = new Picker(machines, options)
  for (;;) {
    const outcome = await picker.show()
    if (outcome.type === "quit") return null
    if (outcome.type === "signal") return outcome.signal
    const params = { session: outcome.session, ...(outcome.view ? { mode: "view" as const } : {}) }
    const signal = await attached(machines.clientOf(outcome.host), params, (why) => picker.say(why))
    if (signal !== null) return signal
  }
}

type Outcome =
  | { readonly type: "quit" }
  | { readonly type: "attach"; readonly session: string; readonly host: string | null; readonly view: boolean }

class Picker {
  readonly #machines: Machines
  readonly #options: PickOptions
  readonly #screen = new FullScreen()
  /** Lines of the terminal, which decide what is looked at. */
  #rows = 0
  #state: State = initial

  constructor(machines: Machines, options: PickOptions) {
    this.#machines = machines
    this.#options = options
  }

  say(message: string): void {
    this.#change({ ...this.#state, message })
  }

  show() {
    const { ascii, colour } = this.#options
    return this.#screen.show<Outcome>({
      picture: (size) => {
        this.#rows = size.rows
        return picture(this.#state, { ...size, ascii, colour, now: Date.now() })
      },
      onKey: (key, size, end) => {
        const { request, state } = step(this.#state, key, pageOf(this.#state, size.rows).length)
        this.#change(state)
        if (request !== undefined) this.#obey(request, end)
      },
      meanwhile: async (signal) => {
        const loops = [this.#keepListing(null, signal), this.#keepLooking(signal)]
        if (this.#options.elsewhere) loops.push(this.#keepFindingHosts(signal))
        await Promise.all(loops)
      }
    })
  }

  /** One list after the other; a slow machine or link is asked less often. */
  async #keepListing(host: string | null, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now()
      await this.#machines.look(host)
      if (signal.aborted) return
      this.#listed()
      await pause(Math.max(INTERVAL_MS, PATIENCE * (performance.now() - began)), signal)
    }
  }

  async #keepFindingHosts(signal: AbortSignal): Promise<void> {
    const listing = new Map<string, AbortController>()
    signal.addEventListener("abort", () => {
      for (const one of listing.values()) one.abort()
    })
    const found: Array<Promise<void>> = []
    while (!signal.aborted) {
      const up = await this.#machines.connected()
      for (const [host, one] of listing) {
        if (up.includes(host)) continue
        one.abort()
        listing.delete(host)
      }
      for (const host of up) {
        if (signal.aborted || listing.has(host)) continue
        const one = new AbortController()
        listing.set(host, one)
        found.push(this.#keepListing(host, one.signal))
      }
      await pause(HOSTS_MS, signal)
    }
    await Promise.all(found)
  }

  #listed(): void {
    const { entries, trouble } = this.#machines.listed
    const { message } = this.#state
    const away = trouble === null ? (message?.startsWith(AWAY) ? null : message) : `${AWAY} ${trouble}`
    this.#change({ ...withEntries(this.#state, entries), message: away })
  }

  /** Screens of the sessions that are to be seen, the chosen one's first, and only of those that have printed something since. */
  async #keepLooking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const wanted = this.#unseen()
      if (wanted !== undefined) await this.#look(wanted)
      await pause(SCREEN_MS, signal)
    }
  }

  #unseen(): Entry | undefined {
    const { previews, selected } = this.#state
    const page = pageOf(this.#state, this.#rows)
    const stale = page.filter(({ offset, reference }) => previews.get(reference)?.offset !== offset)
    return stale.find(({ reference }) => reference === selected) ?? stale[0]
  }

  async #look({ host, id, offset, reference }: Entry): Promise<void> {
    const seen = await this.#machines
      .clientOf(host)
      .call("session.screen", { session: id, format: "text" })
      .catch((error: unknown) => {
        if (!(error instanceof AgentdError)) throw error
        return null
      })
    const before = this.#state.previews.get(reference)
    // Of what cannot be seen the last is kept, and it is not asked for again until there is more.
    const shown = seen === null ? (before ?? NOTHING) : { ...seen, lines: seen.lines ?? [] }
    const previews = new Map(this.#state.previews).set(reference, {
      ...shown,
      offset: Math.max(offset, seen?.offset ?? 0)
    })
    this.#change({ ...this.#state, previews })
  }

  #obey(request: Request, end: (outcome: Outcome) => void): void {
    switch (request.type) {
      case "quit":
        return end(request)
      case "attach":
        return end({ type: "attach", session: request.entry.id, host: request.entry.host, view: request.view })
      case "stop":
        return this.#stop(request.entry)
      case "rename":
        return this.#rename(request.entry, request.name)
      case "new":
        this.say("starting …")
        this.#options.start(commandOf(request.command)).then(
          (session) => {
            this.#change({ ...this.#state, message: null, selected: session })
            end({ type: "attach", session, host: null, view: false })
          },
          (error: Error) => this.say(error.message)
        )
    }
  }

  #stop({ host, id, name }: Entry): void {
    this.say(`stopping ${name} …`)
    this.#machines
      .clientOf(host)
      .call("session.stop", { session: id })
      .then(
        () => this.say(`${name} has ended`),
        (error: Error) => this.say(`${name}: ${error.message}`)
      )
  }

  #rename({ host, id, name }: Entry, wanted: string): void {
    this.#machines
      .clientOf(host)
      .call("session.rename", { session: id, name: wanted })
      .then(
        () => this.say(`${name} is ${wanted} now`),
        (error: Error) => this.say(`${name}: ${error.message}`)
      )
  }

  #change(state: State): void {
    this.#state = state
    this.#screen.draw()
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> => setTimeout(ms, undefined, { signal }).catch(() => {})

const NOTHING = { cols: 80, rows: 24, cursor: { x: 0, y: 0 }, title: "", lines: [] }

/** Begins the message while a daemon does not answer, and goes when it does. */
const AWAY = "Trying again:"
