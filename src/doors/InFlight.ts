/**
 * The requests of one connection that are being answered: at most so many at a time, each ended when the client goes.
 */
import { Busy } from "../contract/errors/Errors.ts"
import type { Caller } from "../contract/Handler.ts"
import { MAX_IN_FLIGHT } from "../contract/Limits.ts"
import { failure, type Incoming } from "../wire/JsonRpc.ts"
import type { Dispatcher, Done, Running } from "./Dispatcher.ts"
import { toErrorObject } from "./toErrorObject.ts"

export class InFlight {
  readonly #dispatcher: Dispatcher["Service"]
  readonly #caller: Caller
  readonly #later: (answered: () => void) => void
  readonly #running = new Set<Running>()
  #count = 0

  /** `later` runs what is to happen when an answer comes after the turn in which it was asked for. */
  constructor(dispatcher: Dispatcher["Service"], caller: Caller, later: (answered: () => void) => void) {
    this.#dispatcher = dispatcher
    this.#caller = caller
    this.#later = later
  }

  get count(): number {
    return this.#count
  }

  /** `again`: it was asked of the version before. */
  run(item: Incoming, done: Done, again = false): void {
    // What is no request costs nothing and is told so, however much is under way.
    if (item.kind !== "invalid" && this.#count >= MAX_IN_FLIGHT) {
      const busy = new Busy({ what: "requests of one connection at a time", limit: MAX_IN_FLIGHT })
      return done(item.kind === "request" ? failure(item.id, toErrorObject(busy)) : null, false)
    }
    this.#count += 1
    let running: Running | null = null
    running = this.#dispatcher.dispatch(
      item,
      again ? { ...this.#caller, again } : this.#caller,
      (answer, succeeded) => {
        this.#count -= 1
        if (running === null) return done(answer, succeeded)
        this.#running.delete(running)
        this.#later(() => done(answer, succeeded))
      }
    )
    if (running !== null) this.#running.add(running)
  }

  cancel(): void {
    for (const running of this.#running) running.cancel()
  }
}
