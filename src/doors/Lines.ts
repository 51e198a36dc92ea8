/**
 * A connection while it carries lines: what has been asked in them, and is still to be answered.
 */
import { TooLarge } from "../contract/errors/Errors.ts"
import type { Caller } from "../contract/Handler.ts"
import type { HandedConnection } from "../contract/Handover.ts"
import { MAX_LINE_BYTES } from "../contract/Limits.ts"
import { failure, type Incoming, notUtf8, parse } from "../wire/JsonRpc.ts"
import { LineSplitter, NOT_UTF8, TOO_LONG } from "../wire/LineSplitter.ts"
import { type Answers, runBatch } from "./Batch.ts"
import type { Dispatcher } from "./Dispatcher.ts"
import { InFlight } from "./InFlight.ts"
import type { Outgoing } from "./Outgoing.ts"
import { toErrorObject } from "./toErrorObject.ts"

/** What was asked in one line and is not answered. */
interface Asked {
  readonly batch: boolean
  readonly items: ReadonlyArray<Incoming>
  readonly answers: Answers
}

/** The connection, as far as its lines concern it. */
interface Holder {
  readonly caller: Caller
  readonly out: Outgoing
  /** Whether the next line may be looked at. */
  readonly readsOn: () => boolean
  /** Runs what is to happen when an answer comes after the turn in which it was asked for. */
  readonly later: (answered: () => void) => void
  /** `session.attach` is asked, and is answered: what follows are frames if that succeeded. */
  readonly onAttach: () => void
  readonly onAttached: (succeeded: boolean) => void
}

export class Lines {
  readonly #holder: Holder
  readonly #dispatcher: Dispatcher["Service"]
  readonly #splitter: LineSplitter
  readonly #requests: InFlight
  readonly #asked = new Set<Asked>()
  #closed = false

  /** `discarding`: it begins in the middle of a line over the limit. */
  constructor(holder: Holder, dispatcher: Dispatcher["Service"], discarding?: boolean) {
    this.#holder = holder
    this.#dispatcher = dispatcher
    this.#splitter = new LineSplitter(MAX_LINE_BYTES, discarding)
    this.#requests = new InFlight(dispatcher, holder.caller, holder.later)
  }

  /** Requests that are being answered. */
  get unanswered(): number {
    return this.#requests.count
  }

  /** A request is under way that must be answered before the daemon's next version takes over. */
  get unsettled(): boolean {
    const open = ({ answers, items }: Asked) => items.filter((_, at) => answers[at] === undefined)
    return [...this.#asked].some((asked) => !open(asked).every((item) => this.#dispatcher.lasts(item)))
  }

  /** A line's beginning that has come so far. */
  get begun(): Buffer {
    return this.#splitter.begun
  }

  /** Takes a chunk; what comes after a line behind which nothing more may be read is returned. */
  read(chunk: Buffer): Buffer | null {
    return this.#splitter.push(chunk, (line) => this.#readLine(line))
  }

  #readLine(line: string | typeof TOO_LONG | typeof NOT_UTF8): boolean {
    if (line === TOO_LONG || line === NOT_UTF8) {
      const tooLarge = () => toErrorObject(new TooLarge({ what: "A request line", limit: MAX_LINE_BYTES }))
      this.#answer(failure(null, line === TOO_LONG ? tooLarge() : notUtf8))
      return true
    }
    // Blank lines between messages are harmless: people type into `nc`.
    if (line === "" || line === "\r") return true
    const message = parse(line)
    if (message.kind === "batch") this.#ask({ batch: true, items: message.items, answers: [] })
    else if (message.item.kind === "request" && message.item.method === "session.attach") this.#attach(message.item)
    else this.#ask({ batch: false, items: [message.item], answers: [] })
    return this.#holder.readsOn()
  }

  #attach(item: Incoming): void {
    this.#holder.onAttach()
    this.#requests.run(item, (answer, succeeded) => {
      this.#answer(answer)
      this.#holder.onAttached(succeeded)
    })
  }

  #ask(asked: Asked, again = false): void {
    this.#asked.add(asked)
    const done = (answer: string | null) => {
      this.#asked.delete(asked)
      this.#answer(answer)
    }
    const run: Parameters<typeof runBatch>[1] = (item, answered) => this.#requests.run(item, answered, again)
    if (asked.batch) runBatch(asked.items, run, done, asked.answers)
    else run(asked.items[0]!, done)
  }

  #answer(answer: string | null): void {
    if (answer !== null && !this.#closed) this.#holder.out.add(answer)
  }

  /** For the daemon's next version. */
  handOver(): Pick<HandedConnection, "discarding" | "requests"> {
    return {
      discarding: this.#splitter.discarding,
      requests: [...this.#asked].map(({ answers, batch, items }) => ({
        batch,
        items: JSON.parse(JSON.stringify(items)),
        answers: items.map((_, at) => (answers[at] === undefined ? null : { text: answers[at] }))
      }))
    }
  }

  /** Asks again what the version before has not answered. */
  restore(requests: HandedConnection["requests"]): void {
    for (const { answers, batch, items } of requests) {
      const known = answers.map((answer) => (answer === null ? undefined : answer.text))
      this.#ask({ batch, items: items as unknown as ReadonlyArray<Incoming>, answers: known }, true)
    }
  }

  /** The client is gone: nobody waits for an answer. */
  close(): void {
    this.#closed = true
    this.#requests.cancel()
  }
}
