/**
 * The forwards of one connection: asked of ssh's master one at a time, and asked again whenever there is a new one.
 *
 *   waiting ──connection up──▶ open ──connection lost──▶ waiting
 *                │ refused: by whoever has the port          ▲
 *                ▼                                           │
 *             refused ──every RETRY_MS──▶ open, or ──connection lost
 *
 * One that is refused when it is first asked for is not kept: whoever asked is told.
 */
import { rmSync } from "node:fs"
import { createServer } from "node:net"
import { AgentdError } from "../AgentdError.ts"
import { clearCommand, endOf, type Forward, type ForwardStatus, forwardArgs, placeOf, portOf } from "./Forward.ts"

/** Forwards of one connection: each is a listener and a line of a list. */
const MAX_FORWARDS = 64

/** New forwards a connection takes, and in how many milliseconds: a program that asks in a loop is held off. */
const MAX_NEW = 30
const NEW_MS = 30_000

/** Milliseconds until one that lost its place is tried again: the other machine may take a while to notice that the old one is dead. */
const RETRY_MS = 5_000

interface Kept {
  readonly forward: Forward
  /** Whose end is its end, too; null: kept until it is removed. */
  readonly owner: object | null
  state: ForwardStatus["state"]
  reason: string | null
}

export interface ForwarderOptions {
  /** Asks the master something. */
  readonly ask: (args: ReadonlyArray<string>) => Promise<unknown>
  readonly onChange: () => void
}

export class Forwarder {
  readonly #options: ForwarderOptions
  readonly #kept = new Map<string, Kept>()
  #recent: ReadonlyArray<number> = []
  #up = false
  #timer: NodeJS.Timeout | undefined
  /** One after the other: the master's answers would not tell which was meant. */
  #work: Promise<unknown> = Promise.resolve()

  constructor(options: ForwarderOptions) {
    this.#options = options
  }

  get list(): ReadonlyArray<ForwardStatus> {
    return [...this.#kept.values()].map(({ forward, reason, state }) => ({ ...forward, state, reason }))
  }

  /** @throws AgentdError when it cannot be had */
  add(forward: Forward, owner: object | null): Promise<void> {
    return this.#next(async () => {
      const place = placeOf(forward)
      const there = this.#kept.get(place)
      if (there !== undefined) {
        if (there.forward.to === forward.to && there.owner === owner) return
        throw new AgentdError("Conflict", `${describePlace(forward)} is forwarded already, to ${there.forward.to}.`)
      }
      const now = performance.now()
      this.#recent = this.#recent.filter((at) => now - at < NEW_MS)
      if (this.#kept.size >= MAX_FORWARDS || this.#recent.length >= MAX_NEW) {
        throw new AgentdError(
          "Busy",
          `Too busy: at most ${MAX_FORWARDS} forwards at once, and ${MAX_NEW} new ones in ${NEW_MS / 1_000} s. Remove one, or try again later.`
        )
      }
      if (!this.#up) throw new AgentdError("HostDown", "The connection is not up.")
      this.#recent = [...this.#recent, now]
      const reason = await this.#place(forward)
      if (reason !== null) throw new AgentdError("Conflict", reason)
      this.#kept.set(place, { forward, owner, state: this.#up ? "open" : "waiting", reason: null })
      this.#options.onChange()
    })
  }

  /** Answers whether there was one. */
  remove(place: string): Promise<boolean> {
    return this.#next(async () => {
      const kept = this.#kept.get(place)
      if (kept === undefined) return false
      this.#kept.delete(place)
      if (kept.state === "open") await this.#cancel(kept.forward)
      // Whoever listened there may have been killed.
      const end = endOf(kept.forward)
      if (end !== null) rmSync(end, { force: true })
      this.#options.onChange()
      return true
    })
  }

  /** Whoever held them is gone. */
  release(owner: object): void {
    for (const [place, kept] of this.#kept) if (kept.owner === owner) void this.remove(place)
  }

  /** There is a master, and it is new unless this was called before and `down` was not. */
  up(): void {
    this.#up = true
    void this.#next(() => this.#placeAll())
  }

  down(): void {
    this.#up = false
    clearTimeout(this.#timer)
    for (const kept of this.#kept.values()) kept.state = "waiting"
  }

  async #placeAll(): Promise<void> {
    clearTimeout(this.#timer)
    for (const kept of [...this.#kept.values()]) {
      if (!this.#up) return
      if (kept.state === "open") continue
      const reason = await this.#place(kept.forward)
      if (!this.#up) return
      kept.state = reason === null ? "open" : "refused"
      kept.reason = reason
    }
    this.#options.onChange()
    if ([...this.#kept.values()].some(({ state }) => state === "refused")) {
      this.#timer = setTimeout(() => void this.#next(() => this.#placeAll()), RETRY_MS)
    }
  }

  /** Null when it listens; else why it does not. */
  async #place(forward: Forward): Promise<string | null> {
    const port = portOf(forward)
    if (forward.direction === "local" && port !== null) {
      const taken = await whyTaken(port)
      if (taken !== null) return taken
    }
    await this.#clear(forward)
    try {
      await this.#options.ask(["-O", "forward", ...forwardArgs(forward), "x"])
      return null
    } catch (cause) {
      const said = (cause as Error).message.replace(/^mux_client_forward: forwarding request failed: /, "")
      if (forward.direction === "local" || port === null)
        return `${describePlace(forward)} cannot be forwarded: ${said}.`
      return `Port ${port} of the other machine is taken, or its sshd does not allow it: ${said}.`
    }
  }

  async #cancel(forward: Forward): Promise<void> {
    await this.#options.ask(["-O", "cancel", ...forwardArgs(forward), "x"]).catch(() => {})
    await this.#clear(forward)
  }

  async #clear(forward: Forward): Promise<void> {
    const command = clearCommand(forward)
    if (command !== null) await this.#options.ask(["x", command]).catch(() => {})
  }

  #next<A>(work: () => Promise<A>): Promise<A> {
    const result = this.#work.then(work)
    this.#work = result.catch(() => {})
    return result
  }
}

const describePlace = (forward: Forward): string => {
  const port = portOf(forward)
  const whose = forward.direction === "local" ? "this machine" : "the other machine"
  return port === null ? `${forward.listen} of ${whose}` : `Port ${port} of ${whose}`
}

/** Asked of the system first: what ssh says of it is that it failed. */
const whyTaken = (port: number): Promise<string | null> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", ({ code }: NodeJS.ErrnoException) =>
      resolve(
        code === "EADDRINUSE"
          ? `Port ${port} of this machine is taken by another program.`
          : code === "EACCES"
            ? `Port ${port} of this machine is only for root. Take one from 1024 on.`
            : `Port ${port} of this machine cannot be had (${code}).`
      )
    )
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(null)))
  })
