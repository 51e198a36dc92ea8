/**
 * What installations know of each other in a history: never that one has what it has never had, and in the end that all have everything.
 * One that went back to a backup may be believed to have what it had, until it says what it has now.
 */
import { Effect } from "effect"
import { EventLog } from "../../../src/store/EventLog.ts"
import { ConfirmationStore } from "../../../src/sync/ConfirmationStore.ts"
import { SyncStore } from "../../../src/sync/SyncStore.ts"
import type { Branch } from "./Branch.ts"
import type { Installation } from "./Installation.ts"

export class Beliefs {
  readonly #workspace: string
  readonly #branch: Branch
  readonly #installations: ReadonlyArray<Installation>
  /** What each has ever had. */
  readonly #had = new Map<Installation, Set<string>>()

  constructor(workspace: string, branch: Branch, installations: ReadonlyArray<Installation>) {
    this.#workspace = workspace
    this.#branch = branch
    this.#installations = installations
  }

  /** After each step: what `at` believes wrongly; null: nothing. */
  async wrong(at: Installation): Promise<string | null> {
    const origins = new Map<string, Installation>()
    for (const one of this.#installations) {
      const { events, origin } = await this.#run(one, this.#events)
      origins.set(origin, one)
      const had = this.#had.get(one) ?? new Set()
      this.#had.set(one, had)
      for (const { origin: of, seq } of events) had.add(`${of} ${seq}`)
    }
    const { confirmed, origin } = await this.#run(at, this.#confirmed)
    for (const [peer, { has }] of confirmed) {
      const other = origins.get(peer)
      if (other === undefined) return `${at.name} believes in ${peer}`
      for (const [first, last] of has) {
        for (let number = first; number <= last; number++) {
          if (!this.#had.get(other)!.has(`${origin} ${number}`))
            return `${at.name} believes that ${other.name} has ${number}`
        }
      }
    }
    return null
  }

  /** When the dust has settled: who does not know that each of the others has everything of its own; null: nobody. */
  async ignorant(): Promise<string | null> {
    for (const at of this.#installations) {
      const lags = await this.#run(at, this.#lags)
      if (lags.some((events) => events > 0) || lags.length < this.#installations.length - 1) {
        return `${at.name} does not know that the others have everything (${lags.join(", ")})`
      }
    }
    return null
  }

  #run<A, E>(at: Installation, effect: Effect.Effect<A, E, ConfirmationStore | EventLog | SyncStore>): Promise<A> {
    return Effect.runPromise(at.run(this.#branch, effect))
  }

  get #events() {
    const workspace = this.#workspace
    return Effect.gen(function* () {
      const store = yield* SyncStore
      const origins = yield* store.origins(workspace)
      const events = yield* Effect.forEach(origins, ({ last, origin }) =>
        store.events(workspace, origin, 0, last, 10_000)
      )
      return { origin: (yield* EventLog).origin, events: events.flat() }
    })
  }

  get #confirmed() {
    const workspace = this.#workspace
    return Effect.gen(function* () {
      return { origin: (yield* EventLog).origin, confirmed: yield* (yield* ConfirmationStore).confirmed(workspace) }
    })
  }

  get #lags() {
    const workspace = this.#workspace
    return Effect.gen(function* () {
      const store = yield* ConfirmationStore
      const { origin } = yield* EventLog
      const confirmed = yield* store.confirmed(workspace)
      return yield* Effect.forEach(confirmed.values(), ({ has }) =>
        Effect.map(store.lacking(workspace, origin, has), ({ events }) => events)
      )
    })
  }
}
