/**
 * What imitates a question: a program's real one as another shows it, quotes it or leaves it behind, and screens made of anything. None of it
 * may call a person for nothing.
 */
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import type { Detector, Snapshot } from "../../../src/sessions/state/Detector.ts"
import { detectorFor } from "../../../src/sessions/state/Detectors.ts"
import { MAX_QUESTION } from "../../../src/sessions/state/detectors/Rows.ts"
import { play, programOf, recordings, type Shown } from "./fixtures.ts"

const SHELLS = ["bash", "fish", "zsh"]
const agents = ["aider", "claude", "codex", "gemini", "opencode"].map((name) => detectorFor([name])!)
const all: ReadonlyArray<Detector> = [...agents, detectorFor(["bash"])!]
const shown = new Map<string, ReadonlyArray<Shown>>()

beforeAll(async () => {
  for (const recording of recordings) shown.set(recording, await play(recording))
})

const asks = (detector: Detector, screen: Snapshot) => {
  const state = detector.detect(screen)?.state
  return state === "needs-permission" || state === "waiting-input"
}

/** The screens at markers of this state. */
const marked = (recording: string, ...states: ReadonlyArray<string>) =>
  shown.get(recording)!.flatMap(({ screen, truth }) => (truth !== null && states.includes(truth.state) ? [screen] : []))

const written = ({ rows }: Snapshot) => rows.slice(0, rows.findLastIndex((row) => row.trim() !== "") + 1)

/** As many rows as the screen has, the last ones, with the cursor behind the last character. */
const scrolled = (screen: Snapshot, rows: ReadonlyArray<string>): Snapshot => {
  const last = rows.slice(-screen.rows.length)
  return { ...screen, rows: last, cursor: { row: last.length - 1, column: last.at(-1)!.length, visible: true } }
}

describe.each(recordings.filter((recording) => !SHELLS.includes(programOf(recording))))(
  "a question of %s",
  (recording) => {
    const own = detectorFor([programOf(recording)])!
    const questions = () => marked(recording, "needs-permission", "waiting-input")

    it("is not one when a shell's prompt is below it", () => {
      for (const screen of questions())
        expect(own.detect(scrolled(screen, [...written(screen), "user@host:~$ "]))).toBeUndefined()
    })

    it("is not one when a program printed it", () => {
      for (const screen of questions()) {
        expect(own.detect(scrolled(screen, written(screen)))).toBeUndefined()
        expect(own.detect(scrolled(screen, [...written(screen), ""]))).toBeUndefined()
      }
    })

    it("is not one in a pager or an editor", () => {
      for (const screen of questions()) {
        const { cursor, rows } = screen
        const fits = rows.slice(0, -1)
        expect(own.detect(scrolled(screen, [...fits, "question.txt (END)"]))).toBeUndefined()
        const editor = [...fits, '"question.txt" 24L, 800B                                    8,2           All']
        expect(own.detect({ ...screen, rows: editor, cursor: { ...cursor, visible: true } })).toBeUndefined()
      }
    })

    it("is not one when the program itself quotes it", () => {
      for (const screen of questions()) {
        for (const resting of marked(recording, "idle", "done", "working")) {
          // As much of the quotation as there is room for above where the program takes its next order.
          const from = Math.max(0, resting.cursor.row - 3)
          const quoted = written(screen).map((row) => `  ${row}`)
          const rows = [...quoted.slice(-from || quoted.length), ...resting.rows.slice(from)].slice(
            -resting.rows.length
          )
          const moved = rows.length - resting.rows.length
          const cursor = { ...resting.cursor, row: resting.cursor.row + moved }
          expect(asks(own, { ...resting, rows, cursor })).toBe(false)
        }
      }
    })

    it("is none of another agent, nor is anything else it shows", () => {
      for (const detector of agents.filter((one) => one !== own))
        for (const { screen } of shown.get(recording)!) expect(detector.detect(screen)).toBeUndefined()
    })
  }
)

it("nothing that happens in a shell is taken for an agent", () => {
  for (const recording of recordings.filter((one) => SHELLS.includes(programOf(one))))
    for (const { screen } of shown.get(recording)!)
      for (const detector of agents) expect(detector.detect(screen)).toBeUndefined()
})

describe("any screen", () => {
  /** Rows of real screens, so that most of a frame is often there, between anything else. */
  const row = () => {
    const real = [...new Set([...shown.values()].flat().flatMap(({ screen }) => screen.rows))]
    return fc.oneof(
      fc.constantFrom(...real),
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.string({ maxLength: 200 })
    )
  }
  const screens = () =>
    fc.record({
      rows: fc.array(row(), { maxLength: 40 }),
      cursor: fc.record({ row: fc.nat(45), column: fc.nat(130), visible: fc.boolean() }),
      title: fc.oneof(fc.string(), fc.constantFrom("✳ Claude Code", "⠋ project", "✋  Action Required (project)")),
      alternate: fc.boolean()
    })

  it("gives the same answer twice, within its bounds, fit to be shown", () => {
    const property = fc.property(screens(), (screen) => {
      for (const detector of all) {
        const sighting = detector.detect(screen)
        expect(detector.detect(structuredClone(screen))).toEqual(sighting)
        if (sighting === undefined) continue
        expect(sighting.confidence).toBeGreaterThan(0)
        expect(sighting.confidence).toBeLessThan(1)
        const { question = "?" } = sighting
        expect([...question].length).toBeGreaterThan(0)
        expect([...question].length).toBeLessThanOrEqual(MAX_QUESTION)
        expect(question).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      }
    })
    fc.assert(property, { numRuns: 150 })
  })

  it("may be as large as a screen gets, full of what a detector looks for", () => {
    const wide = "Would you like to esc to interrupt) password (Y)es/(N)o (".repeat(40).slice(0, 2_000)
    for (const edge of ["", "› 1. ", "  ┃ ", "│ ● 1. ", "❯ 1. ", "• W ("]) {
      const rows = Array.from({ length: 500 }, () => edge + wide)
      const screen = { rows, cursor: { row: 499, column: 2_000, visible: false }, title: wide, alternate: true }
      for (const detector of all) expect(asks(detector, screen)).toBe(false)
    }
  })
})
