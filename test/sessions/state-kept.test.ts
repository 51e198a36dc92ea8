/** What is known of a session's state goes over to the daemon that comes next: the same answer, fading and contradicted as before. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import type { EventBody } from "../../src/contract/Event.ts"
import type { KeptState } from "../../src/contract/Handover.ts"
import { Ring } from "../../src/sessions/running/Ring.ts"
import { heldIn, keepingIn, keptState, signsIn } from "../../src/sessions/state/Keep.ts"
import { type Followed, report, States } from "../../src/sessions/state/States.ts"
import { EventLog } from "../../src/store/EventLog.ts"

/** A session without a program, and what one daemon after the other keeps of its state. */
class Kept implements Followed {
  readonly cols = 80
  readonly rows = 24
  readonly recorded: Array<string> = []
  exit: unknown = null
  text: string | null = null
  #ring = new Ring(1024 * 1024)
  #listeners = new Set<() => void>()
  get start() {
    return this.#ring.start
  }
  get end() {
    return this.#ring.end
  }
  recent: Followed["recent"] = (offset, limit) => this.#ring.view(offset, limit)
  once: Followed["once"] = (listener) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  print(text: string): void {
    this.#ring.push(Buffer.from(text))
    const listeners = this.#listeners
    this.#listeners = new Set()
    for (const listener of listeners) listener()
  }
  note(text: string): void {
    this.text = text
  }
  /** Each call is another daemon, until its scope closes. */
  follow(adopted: boolean) {
    const log = {
      append: (body: EventBody) => Effect.sync(() => void this.recorded.push("state" in body ? body.state : ""))
    }
    const layer = States.layer.pipe(Layer.provide(Layer.succeed(EventLog, log as never)))
    const keeping = keepingIn({ read: () => this.text, write: (text) => this.note(text) })
    return Effect.flatMap(Effect.provide(States, layer), (states) =>
      states.follow({ id: "ses_0", argv: ["agent"], stdin: "terminal" }, this, adopted, keeping)
    )
  }
}

/** One daemon, killed at the end of what is done with it. */
const under = <A>(kept: Kept, adopted: boolean, use: (tracker: Tracker) => Effect.Effect<A>) =>
  Effect.scoped(Effect.flatMap(kept.follow(adopted), use))
type Tracker = Effect.Success<ReturnType<Kept["follow"]>>

describe("the daemon after a killed one", () => {
  it.effect("answers the same: who says so, since when, and what is asked", () =>
    Effect.gen(function* () {
      const kept = new Kept()
      const before = yield* under(kept, false, (tracker) =>
        Effect.gen(function* () {
          kept.print("May I?")
          yield* TestClock.adjust("1 minute")
          yield* report(tracker, { state: "needs-permission", question: "May I?" })
          // Killed in this moment.
          return tracker.current
        })
      )
      expect(before).toMatchObject({ name: "needs-permission", source: "hook", question: "May I?" })
      yield* TestClock.adjust("3 days")
      yield* under(kept, true, (tracker) =>
        Effect.gen(function* () {
          expect(tracker.current).toEqual(before)
          yield* TestClock.adjust("1 minute")
          expect(tracker.current).toEqual(before)
          expect(kept.recorded).toEqual(["needs-permission"])
          tracker.typed("answers")
          yield* TestClock.adjust("1 second")
          expect(tracker.current.name).toBe("unknown")
        })
      )
      yield* under(kept, true, (tracker) => Effect.sync(() => expect(tracker.current.name).toBe("unknown")))
    })
  )

  it.effect("believes what was said no longer than the one that heard it would have", () =>
    Effect.gen(function* () {
      const kept = new Kept()
      yield* under(kept, false, (tracker) => report(tracker, { state: "working" }))
      yield* TestClock.adjust("1 minute")
      yield* under(kept, true, (tracker) =>
        Effect.gen(function* () {
          expect(tracker.current).toMatchObject({ name: "working", source: "hook" })
          yield* TestClock.adjust("50 seconds")
          expect(tracker.current.name).toBe("working")
          yield* TestClock.adjust("20 seconds")
          expect(tracker.current.name).toBe("unknown")
        })
      )
    })
  )

  it.effect("knows that it printed until then, and so what it works at", () =>
    Effect.gen(function* () {
      const kept = new Kept()
      yield* under(kept, false, (tracker) =>
        Effect.gen(function* () {
          yield* report(tracker, { state: "working" })
          for (let minute = 0; minute < 10; minute++) {
            yield* TestClock.adjust("1 minute")
            kept.print(".")
          }
          yield* TestClock.adjust("1 second")
        })
      )
      yield* under(kept, true, (tracker) =>
        Effect.gen(function* () {
          expect(tracker.current.name).toBe("working")
          yield* TestClock.adjust("3 minutes")
          expect(tracker.current.name).toBe("unknown")
        })
      )
    })
  )

  it.effect("reads what was printed while there was none, and nothing a second time", () =>
    Effect.gen(function* () {
      const kept = new Kept()
      yield* under(kept, false, (tracker) =>
        Effect.gen(function* () {
          kept.print("\x1b]133;A\x07$ agent")
          yield* TestClock.adjust("1 second")
          yield* report(tracker, { state: "done" })
        })
      )
      yield* under(kept, true, (tracker) =>
        Effect.gen(function* () {
          yield* TestClock.adjust("1 second")
          // The prompt was there before the agent was.
          expect(tracker.current).toMatchObject({ name: "done", source: "hook" })
        })
      )
      kept.print("\x1b]133;D\x07")
      yield* under(kept, true, (tracker) =>
        Effect.gen(function* () {
          yield* TestClock.adjust("1 second")
          expect(tracker.current).toMatchObject({ name: "idle", source: "terminal" })
        })
      )
    })
  )

  it.effect("records what the one before it had no time for, and nothing twice", () =>
    Effect.gen(function* () {
      const kept = new Kept()
      yield* under(kept, false, (tracker) =>
        Effect.gen(function* () {
          yield* report(tracker, { state: "working" })
          yield* TestClock.adjust("1 second")
          yield* report(tracker, { state: "done" })
        })
      )
      expect(kept.recorded).toEqual(["working"])
      yield* under(kept, true, () => TestClock.adjust("2 seconds"))
      yield* under(kept, true, () => TestClock.adjust("2 seconds"))
      expect(kept.recorded).toEqual(["working", "done"])
    })
  )

  it.effect("begins with nothing where nothing was kept, or nothing that it understands", () =>
    Effect.gen(function* () {
      for (const text of [null, "", "{", "[]", '{"evidence":[]}']) {
        const kept = new Kept()
        kept.text = text
        yield* under(kept, true, (tracker) =>
          Effect.sync(() => expect(tracker.current).toMatchObject({ name: "unknown", confidence: 0 }))
        )
      }
    })
  )
})

describe("what was kept", () => {
  const written: KeptState = {
    evidence: [
      { kind: "hook", state: "done", confidence: 0.9, question: null, at: 5_000 },
      { kind: "constructor", state: "done", confidence: 1, question: null, at: 1 },
      { kind: "native", state: "starting", confidence: 1, question: null, at: 1 }
    ],
    signs: { startedAt: 1, printedAt: 9_000, steadySince: null, typedAt: null, answeredAt: null, spoken: true },
    current: { name: "done", source: "hook", confidence: 0.9, since: 1, question: null },
    currentSince: 5_000,
    recorded: "done",
    searched: 0
  }

  it("holds what this version knows of it, and nothing of the future", () => {
    expect(keptState(JSON.parse(JSON.stringify(written)))).toEqual(written)
    expect([...heldIn(written, 2_000).values()]).toEqual([
      { kind: "hook", state: "done", confidence: 0.9, question: null, at: 2_000 }
    ])
    expect(signsIn(written, 2_000)).toMatchObject({ startedAt: 1, printedAt: 2_000 })
  })

  it("is nothing, whatever else it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(keptState(value)).toBeNull()
      })
    )
    expect(keptState({ ...written, searched: "0" })).toBeNull()
  })
})
