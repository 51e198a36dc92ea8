/**
 * The clients attached to one session: who came, who may type, whose size counts and whose terminal answers, each told when that changes.
 */
import type { SessionClient, SizePolicy } from "../../contract/session/Session.ts"
import type { OfferKind } from "../../contract/session/SessionTerminal.ts"
import type { Typist } from "../input/Typists.ts"
import type { Attachment } from "./Attachment.ts"
import { decideAnswerer, decideSize, type Role } from "./Roles.ts"

export interface Attached {
  client: SessionClient
  readonly attachment: Attachment
  /** By which a client that comes back is known. */
  readonly token: string | null
  readonly typist: Typist
  /** Has a terminal, whose size counts. */
  readonly terminal: boolean
  /** What it takes of what programs offer. */
  readonly accepts: ReadonlyArray<OfferKind>
}

interface Terminal {
  readonly end: number
  readonly resize: (cols: number, rows: number) => boolean
}

type Place = { came: number; active: number }

export class Clients {
  readonly attached = new Map<string, Attached>()
  /** Whose size counts. */
  policy: SizePolicy = "latest"
  readonly #terminal: Terminal
  readonly #places = new Map<string, Place>()
  /** Counts what clients do, so that the latest can be told. */
  #clock = 0
  #latest: string | null = null
  #took: string | null = null
  #answerer: string | null = null
  /** What was printed before this has been shown to a terminal that answers, or is on its way there. */
  #answered = 0
  /** By which the client is known that answered last: if it comes back, what it had not been sent is still its to answer. */
  #answeredLast: string | null = null

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Before the newcomer's screen is drawn, so that it is drawn in the size the session will have. */
  expect(size: { readonly cols: number; readonly rows: number }): void {
    const newcomer: Role = {
      id: "",
      mode: "write",
      size,
      came: this.#clock,
      active: Number.POSITIVE_INFINITY,
      took: false
    }
    this.#size([...this.#roles(), newcomer])
  }

  add(id: string, one: Attached): void {
    this.#clock += 1
    this.attached.set(id, one)
    this.#places.set(id, { came: this.#clock, active: this.#clock })
    this.#latest = id
    this.#settle(id, true)
  }

  /** It was there under the version of the daemon before this one, and knows its part. */
  restore(id: string, one: Attached, answers: boolean): void {
    this.#clock += 1
    this.attached.set(id, one)
    this.#places.set(id, { came: this.#clock, active: this.#clock })
    this.#latest = id
    if (answers) [this.#answerer, this.#answeredLast] = [id, one.token]
  }

  answers(id: string): boolean {
    return this.#answerer === id
  }

  delete(id: string): void {
    if (!this.attached.delete(id)) return
    this.#places.delete(id)
    if (this.#took === id) this.#took = null
    this.#settle()
  }

  resized(id: string, cols: number, rows: number): void {
    const one = this.attached.get(id)
    if (one === undefined) return
    one.client = { ...one.client, cols, rows }
    this.#isActive(id)
    this.#settle()
  }

  /** Whether it may type. Who types is the latest, and so may get its size. */
  types(id: string): boolean {
    if (this.attached.get(id)?.client.mode !== "write") return false
    if (this.#latest !== id) {
      this.#isActive(id)
      this.#settle()
    }
    return true
  }

  /** Everybody else only looks from now on, those who are away included, and is told so. */
  take(id: string, everybodyAway: (except: Typist) => void): void {
    const taker = this.attached.get(id)
    if (taker === undefined) return
    everybodyAway(taker.typist)
    this.#took = id
    this.mode(id, "write")
    for (const [other, { attachment, client }] of this.attached) {
      if (other === id || client.mode === "view") continue
      this.mode(other, "view")
      attachment.notice(`Another terminal took this session: ${describeClient(taker.client)}. You only watch now.`)
    }
  }

  mode(id: string, mode: "write" | "view"): void {
    const one = this.attached.get(id)
    if (one === undefined || one.client.mode === mode) return
    one.client = { ...one.client, mode }
    one.typist.viewer = mode === "view"
    this.#settle(id)
  }

  #isActive(id: string): void {
    this.#clock += 1
    this.#latest = id
    this.#places.get(id)!.active = this.#clock
  }

  #roles(): ReadonlyArray<Role> {
    return [...this.attached].map(([id, { client, terminal }]) => ({
      id,
      mode: client.mode,
      size: terminal ? { cols: client.cols, rows: client.rows } : null,
      ...this.#places.get(id)!,
      took: this.#took === id
    }))
  }

  #size(roles: ReadonlyArray<Role>): void {
    const size = decideSize(this.policy, roles)
    if (size !== null) this.#terminal.resize(size.cols, size.rows)
  }

  /** Applies what follows from who is there; `changed` is told its part in any case, a newcomer from the first byte it is sent. */
  #settle(changed?: string, isNew = false): void {
    const roles = this.#roles()
    this.#size(roles)
    const before = this.#answerer
    const now = decideAnswerer(before, roles)
    const { end } = this.#terminal
    const after = before === now ? end : this.#answererIs(now)
    for (const [id, { attachment, client }] of this.attached) {
      const told = id === changed || (before !== now && (id === before || id === now))
      if (!told) continue
      const answers = id === now
      attachment.role(client.mode === "write", answers, answers ? after : isNew && id === changed ? 0 : end)
    }
  }

  /** Where the next one begins to answer. */
  #answererIs(now: string | null): number {
    const { end } = this.#terminal
    if (this.#answerer !== null) this.#answered = end
    this.#answerer = now
    if (now === null) return end
    const { token } = this.attached.get(now)!
    const returned = token !== null && token === this.#answeredLast
    this.#answeredLast = token
    return returned ? 0 : this.#answered
  }
}

const describeClient = ({ pid, tty }: SessionClient): string =>
  [tty ?? "no terminal", ...(pid === null ? [] : [`pid ${pid}`])].join(", ")
