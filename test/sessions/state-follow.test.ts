/** How a session is followed, on a clock of the test's: what fades, what is looked at, and when nothing is done at all. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import type { EventBody } from "../../src/contract/Event.ts"
import { Ring } from "../../src/sessions/running/Ring.ts"
import { type Followed, report, States } from "../../src/sessions/state/States.ts"
import { EventLog } from "../../src/store/EventLog.ts"

/** A session without a program: output is what the test pushes. */
class Output implements Followed {
  readonly ring = new Ring(1024 * 1024)
  readonly cols = 80
  readonly rows = 24
  exit: unknown = null
  /** How often somebody began to wait for output. */
  waits = 0
  #listeners = new Set<() => void>()
  get start() {
    return this.ring.start
  }
  get end() {
    return this.ring.end
  }
  recent: Followed["recent"] = (offset, limit) => this.ring.view(offset, limit)
  once: Followed["once"] = (listener) => {
    this.waits++
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  print(text: string): void {
    this.ring.push(Buffer.from(text))
    const listeners = this.#listeners
    this.#listeners = new Set()
    for (const listener of listeners) listener()
  }
}

const following = (argv: ReadonlyArray<string>, adopted = false) =>
  Effect.gen(function* () {
    const recorded: Array<string> = []
    // Only what is appended counts here; the real log is what other tests of states run with.
    const log = {
      append: (body: EventBody) => Effect.sync(() => void recorded.push("state" in body ? body.state : ""))
    }
    const layer = States.layer.pipe(Layer.provide(Layer.succeed(EventLog, log as never)))
    const output = new Output()
    const states = yield* Effect.provide(States, layer)
    const tracker = yield* states.follow({ id: "ses_0", argv, stdin: "terminal" }, output, adopted)
    return { output, tracker, recorded, name: () => tracker.current.name }
  })

describe("a session that is followed", () => {
  it.effect("is said to work for as long as it prints or says so, and nothing is claimed afterwards", () =>
    Effect.gen(function* () {
      const { name, output, tracker } = yield* following(["agent"])
      yield* report(tracker, { state: "working" })
      for (let minute = 0; minute < 10; minute++) {
        yield* TestClock.adjust("1 minute")
        output.print(".")
        yield* TestClock.adjust("1 second")
        expect(name()).toBe("working")
      }
      yield* TestClock.adjust("1 minute")
      expect(name()).toBe("working")
      yield* TestClock.adjust("2 minutes")
      expect(tracker.current).toMatchObject({ name: "unknown", confidence: 0 })
    })
  )

  it.effect("asks for leave until somebody answers, however long that takes, and costs nothing meanwhile", () =>
    Effect.gen(function* () {
      const { name, output, tracker } = yield* following(["agent"])
      output.print("May I?")
      yield* report(tracker, { state: "needs-permission", question: "May I?" })
      yield* TestClock.adjust("1 minute")
      const { waits } = output
      yield* TestClock.adjust("3 days")
      expect(tracker.current).toMatchObject({ name: "needs-permission", question: "May I?" })
      expect(output.waits).toBe(waits)
      yield* report(tracker, { state: "needs-permission", question: "Permission needed", reminder: true })
      expect(tracker.current.question).toBe("May I?")
      tracker.typed("steers")
      yield* TestClock.adjust("1 second")
      expect(name()).toBe("needs-permission")
      tracker.typed("answers")
      yield* TestClock.adjust("1 second")
      expect(name()).toBe("unknown")
    })
  )

  it.effect("is looked at a few times a second while somebody types, however fast, and at once when they begin", () =>
    Effect.gen(function* () {
      const { name, output, tracker } = yield* following(["agent"])
      yield* report(tracker, { state: "waiting-input" })
      yield* TestClock.adjust("1 minute")
      const { waits } = output
      for (let key = 0; key < 1_000; key++) {
        tracker.typed("answers")
        yield* TestClock.adjust(1)
        expect(name()).not.toBe("waiting-input")
      }
      // Each look is followed by one wait. A second of typing is ten looks, and the first at once.
      expect(output.waits - waits).toBeLessThanOrEqual(15)
      expect(output.waits - waits).toBeGreaterThan(5)
      const { waits: afterwards } = output
      yield* TestClock.adjust("1 day")
      expect(output.waits - afterwards).toBeLessThan(15)
    })
  )

  it.effect("is found out to go on by itself when it prints and nobody types", () =>
    Effect.gen(function* () {
      const { name, output, tracker } = yield* following(["agent"])
      output.print("\x1b]9;Waiting for your input\x07")
      yield* TestClock.adjust(300)
      expect(name()).toBe("waiting-input")
      for (let i = 0; i < 20; i++) {
        output.print("spin")
        yield* TestClock.adjust(300)
      }
      expect(tracker.current).toMatchObject({ name: "working", source: "silence" })
      yield* TestClock.adjust("1 minute")
      expect(name()).toBe("unknown")
    })
  )

  it.effect("is looked at on its screen once that is drawn, and again when it changes", () =>
    Effect.gen(function* () {
      const { output, tracker } = yield* following(["bash"])
      output.print("$ ")
      // The emulator is a module that is loaded, which no test clock hurries.
      yield* untilSeen(tracker, "idle")
      expect(tracker.current).toMatchObject({ source: "screen" })
      yield* TestClock.adjust("10 minutes")
      expect(tracker.current).toMatchObject({ name: "idle", source: "screen" })
      output.print("cat\r\n\r\n")
      yield* untilSeen(tracker, "unknown", "working")
      output.print("\r\n$ ")
      yield* untilSeen(tracker, "idle")
    })
  )

  it.effect("has the first state that a daemon finds recorded already, and changes of it once they have held", () =>
    Effect.gen(function* () {
      const { output, recorded, tracker } = yield* following(["agent"], true)
      expect(tracker.current.name).toBe("unknown")
      output.print("\x1b]133;A\x07")
      yield* TestClock.adjust("3 seconds")
      expect(recorded).toEqual([])
      for (let i = 0; i < 1_000; i++) {
        yield* report(tracker, { state: i % 2 === 0 ? "working" : "needs-permission" })
        yield* TestClock.adjust(10)
      }
      yield* TestClock.adjust("2 seconds")
      expect(recorded.length).toBeLessThanOrEqual(13)
      expect(recorded.at(-1)).toBe("needs-permission")
    })
  )
})

const untilSeen = (tracker: { readonly current: { readonly name: string } }, ...names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    for (let i = 0; i < 1_000 && !names.includes(tracker.current.name); i++) {
      yield* TestClock.adjust(300)
      yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
    }
    expect(names).toContain(tracker.current.name)
  })
