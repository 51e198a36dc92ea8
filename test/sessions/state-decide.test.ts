/** What is made of evidence: the rules, without a clock and without a session. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decide, lookAgain, type Signs, settled, standing } from "../../src/sessions/state/Decide.ts"
import {
  type Claim,
  type Evidence,
  type Held,
  type Kind,
  noted,
  RULE,
  RULES
} from "../../src/sessions/state/Evidence.ts"
import { fresh, spent, untilRecorded } from "../../src/sessions/state/StateEvents.ts"

const SIGNS: Signs = {
  startedAt: 0,
  printedAt: 0,
  steadySince: null,
  typedAt: null,
  answeredAt: null,
  known: false,
  spoken: true
}
const evidence = (kind: Kind, state: Claim, at = 0, more: Partial<Evidence> = {}): Evidence => ({
  kind,
  state,
  confidence: 0.8,
  question: null,
  at,
  ...more
})
const held = (...all: ReadonlyArray<Evidence>): Held => all.reduce(noted, new Map())

const kinds = RULES.map(({ kind }) => kind)
const claims: ReadonlyArray<Claim> = ["working", "waiting-input", "needs-permission", "idle", "done"]
const anyTime = fc.integer({ min: 0, max: 1_000_000 })
const anyEvidence: fc.Arbitrary<Evidence> = fc.record({
  kind: fc.constantFrom(...kinds),
  state: fc.constantFrom(...claims),
  confidence: fc.oneof(fc.double(), fc.constantFrom(0.3, 0.9, 1)),
  question: fc.oneof(fc.constant(null), fc.string({ unit: "binary", maxLength: 600 })),
  at: fc.oneof(fc.constantFrom(0, 5, 10), anyTime)
})
const anySigns: fc.Arbitrary<Signs> = fc.record({
  startedAt: fc.option(anyTime),
  printedAt: fc.option(anyTime),
  steadySince: fc.option(anyTime),
  typedAt: fc.option(anyTime),
  answeredAt: fc.option(anyTime),
  known: fc.boolean(),
  spoken: fc.boolean()
})

describe("what is made of evidence", () => {
  it("is what the best source says, and the next best one's when it says nothing", () => {
    const all = held(evidence("hook", "working"), evidence("prompt", "idle"), evidence("screen", "needs-permission"))
    expect(decide(all, SIGNS, 0)).toMatchObject({ name: "working", source: "hook" })
    // What a shell's command is at, its screen knows better.
    expect(decide(held(evidence("command", "working"), evidence("screen", "needs-permission")), SIGNS, 0).name).toBe(
      "needs-permission"
    )
    expect(decide(held(evidence("screen", "done"), evidence("hint", "waiting-input")), SIGNS, 0)).toMatchObject({
      name: "done",
      source: "screen"
    })
  })

  it.each(RULES.filter(({ working }) => Number.isFinite(working)))(
    "does not believe that it works, as $kind says, once nothing confirms it any more",
    ({ kind, source, working }) => {
      const said = held(evidence(kind, "working", 1_000))
      expect(decide(said, SIGNS, 1_000 + working)).toMatchObject({ name: "working", source })
      expect(decide(said, SIGNS, 1_001 + working)).toMatchObject({ name: "unknown", confidence: 0 })
      // Whoever prints is alive.
      const printed = { ...SIGNS, printedAt: working }
      expect(decide(said, printed, 1_001 + working)).toMatchObject({ name: "working" })
    }
  )

  it("believes for days what waits for a person, until somebody answers or it goes on by itself", () => {
    const asked = held(evidence("hook", "needs-permission", 1_000, { question: "May I?" }))
    const days = 3 * 86_400_000
    expect(decide(asked, SIGNS, days)).toMatchObject({ name: "needs-permission", question: "May I?" })
    // Arrows move about in the choices, and redraw them.
    expect(decide(asked, { ...SIGNS, typedAt: 2_000, printedAt: 2_100, steadySince: 2_100 }, 2_200).name).toBe(
      "needs-permission"
    )
    expect(decide(asked, { ...SIGNS, typedAt: 2_000, answeredAt: 2_000 }, 2_000).name).toBe("unknown")
    const prints = { ...SIGNS, steadySince: 3_000, printedAt: 8_000 }
    // A program with hooks says when it goes on, and may draw all the while.
    expect(standing(asked.get("hook")!, prints, 8_000)).toBe("stands")
    const notified = held(evidence("notification", "needs-permission", 1_000))
    expect(standing(notified.get("notification")!, prints, 8_000)).toBe("contradicted")
    expect(decide(notified, prints, 8_000)).toMatchObject({ name: "working", source: "silence", confidence: 0.3 })
  })

  it("takes the echo of somebody's typing for no work", () => {
    const rests = held(evidence("prompt", "idle", 0))
    const typing = { ...SIGNS, steadySince: 1_000, typedAt: 59_000, answeredAt: 59_000, printedAt: 60_000 }
    expect(decide(rests, typing, 60_000)).toMatchObject({ name: "idle", source: "terminal" })
  })

  it("does not take an interrupted agent for one that works", () => {
    const works = held(evidence("hook", "working", 0), evidence("screen", "idle", 2_000))
    const escaped = { ...SIGNS, typedAt: 1_000, answeredAt: 1_000, printedAt: 1_500 }
    expect(decide(works, escaped, 2_000)).toMatchObject({ name: "working", source: "hook" })
    expect(decide(works, escaped, 6_500)).toMatchObject({ name: "idle", source: "screen" })
  })

  it("calls it done until somebody comes, and idle then", () => {
    const over = held(evidence("hook", "done", 1_000))
    expect(decide(over, SIGNS, 9_000).name).toBe("done")
    expect(decide(over, { ...SIGNS, typedAt: 8_000, answeredAt: 8_000 }, 9_000)).toMatchObject({
      name: "idle",
      source: "hook"
    })
    // "Waits for input", a minute later, is no news.
    expect(decide(noted(over, evidence("hook", "idle", 61_000)), SIGNS, 62_000).name).toBe("done")
    expect(decide(noted(over, evidence("hook", "working", 61_000)), SIGNS, 62_000).name).toBe("working")
  })

  it("takes silence for rest only where nothing better ever spoke", () => {
    const signs = { ...SIGNS, startedAt: 0, printedAt: 500 }
    expect(decide(new Map(), { ...signs, spoken: false }, 1_000)).toMatchObject({ name: "starting", source: "process" })
    expect(decide(new Map(), { ...signs, spoken: false }, 60_000)).toMatchObject({ name: "idle", confidence: 0.3 })
    expect(decide(new Map(), signs, 60_000)).toMatchObject({ name: "unknown", confidence: 0 })
    // One that is known to speak is starting until it does, and then nothing is known of it.
    const known = { ...signs, known: true, spoken: false, steadySince: 0, printedAt: 9_000 }
    expect(decide(new Map(), known, 9_500)).toMatchObject({ name: "starting" })
    expect(decide(new Map(), known, 60_000)).toMatchObject({ name: "unknown" })
  })

  it("never claims more than its evidence, and asks one bounded line", () => {
    fc.assert(
      fc.property(fc.array(anyEvidence), anySigns, anyTime, (all, signs, now) => {
        const { confidence, name, question, source } = decide(held(...all), signs, now)
        expect(confidence).toBeGreaterThanOrEqual(0)
        expect(confidence).toBeLessThanOrEqual(1)
        if (source !== "silence" && source !== "process") {
          const sayings = all.filter((one) => RULE[one.kind].source === source)
          expect(sayings.some((one) => one.confidence >= confidence || confidence === 0)).toBe(true)
          expect(confidence).toBeLessThanOrEqual(Math.max(...sayings.map(({ kind }) => RULE[kind].most)))
        } else expect(confidence).toBeLessThanOrEqual(source === "silence" ? 0.3 : 0.9)
        if (name === "unknown") expect(confidence).toBe(0)
        expect([...(question ?? "")].length).toBeLessThanOrEqual(200)
        expect(question ?? "").not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        if (name !== "needs-permission" && name !== "waiting-input") expect(question).toBeNull()
      })
    )
  })

  it("is the same in whatever order the evidence of one moment comes", () => {
    const shuffled = fc
      .array(
        anyEvidence.map((one) => ({ ...one, at: one.at % 3 })),
        { maxLength: 6 }
      )
      .filter((all) => !all.some(({ state }) => state === "done"))
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
    fc.assert(
      fc.property(shuffled, anySigns, ([one, other], signs) => {
        expect(decide(held(...one), signs, 10)).toEqual(decide(held(...other), signs, 10))
      })
    )
  })

  it("lets a lower source speak only when no higher one stands", () => {
    fc.assert(
      fc.property(fc.array(anyEvidence), anySigns, anyTime, (all, signs, now) => {
        const every = held(...all)
        const verdict = decide(every, signs, now)
        const first = kinds.find((kind) => {
          const one = every.get(kind)
          return one !== undefined && standing(one, signs, now) === "stands"
        })
        if (first === undefined) expect(["silence", "process"]).toContain(verdict.source)
        else expect(verdict.source).toBe(RULE[first].source)
        // What does not stand any more changes nothing by being forgotten.
        expect(decide(settled(every, signs, now), signs, now)).toEqual(verdict)
      })
    )
  })

  it("needs one look at a program that starts and prints nothing: when it no longer counts as starting", () => {
    // A thousand of them cost a processor's twentieth while each was looked at twice a second.
    for (const known of [false, true]) {
      const signs: Signs = { ...SIGNS, printedAt: null, known, spoken: false }
      const now = 3_000
      expect(decide(new Map(), signs, now).name).toBe("starting")
      const next = now + lookAgain(new Map(), signs, now)!
      expect(decide(new Map(), signs, next).name).not.toBe("starting")
      expect(decide(new Map(), signs, next - 400).name).toBe("starting")
      expect(lookAgain(new Map(), signs, next + 1)).toBeNull()
    }
  })

  it("needs no look at a session in which nothing happens and nothing fades", () => {
    const days = 3 * 86_400_000
    expect(lookAgain(held(evidence("hook", "needs-permission")), SIGNS, days)).toBeNull()
    expect(lookAgain(new Map(), SIGNS, days)).toBeNull()
    expect(lookAgain(held(evidence("hook", "working")), SIGNS, days)).toBeGreaterThan(0)
  })
})

describe("the record of states", () => {
  it("has at the most one event a second, and one a minute of a program that changes its mind all day", () => {
    const day = 86_400_000
    let budget = fresh(0)
    let events = 0
    let last = Number.NEGATIVE_INFINITY
    for (let now = 0; now < day; ) {
      const wait = untilRecorded(budget, now - 300, now)
      if (wait > 0) {
        now += wait
        continue
      }
      expect(now - last).toBeGreaterThanOrEqual(1_000)
      budget = spent(budget, now)
      last = now
      events++
    }
    expect(events).toBeGreaterThan(1_000)
    expect(events).toBeLessThanOrEqual(30 + day / 60_000 + 1)
  })
})
