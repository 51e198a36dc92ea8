/** Recordings of the real programs, driven by a model that their script holds: what each detector says is compared with what the script knew. */
import { beforeAll, describe, expect, it } from "vitest"
import type { Sighting } from "../../../src/sessions/state/Detector.ts"
import { detectorFor } from "../../../src/sessions/state/Detectors.ts"
import { play, programOf, recordings, type Shown, type Truth } from "./fixtures.ts"

const TELLS_NOTHING: ReadonlyArray<Truth["state"] | undefined> = ["gone", "elsewhere"]
const ASKS: ReadonlyArray<Sighting["state"] | undefined> = ["needs-permission", "waiting-input"]

describe.each(recordings)("%s", (recording) => {
  const detector = detectorFor([programOf(recording)])!
  let shown: ReadonlyArray<Shown>
  beforeAll(async () => {
    shown = await play(recording)
  })

  it("is seen in the state it is in, with what it asks, and not at all when it is not there", () => {
    const marked = shown.flatMap(({ screen, truth }) => (truth === null ? [] : [{ screen, truth }]))
    const told = marked.map(({ screen, truth }) => {
      const { question, state } = detector.detect(screen) ?? {}
      return { note: truth.note, state, asks: question?.includes(truth.asks ?? "") ? truth.asks : question }
    })
    const known = marked.map(({ truth: { asks, note, state } }) => ({
      note,
      state: TELLS_NOTHING.includes(state) ? undefined : state,
      asks
    }))
    expect(marked.length).toBeGreaterThan(5)
    expect(told).toEqual(known)
  })

  it("is not seen to ask while it draws something else", () => {
    const truths = shown.map(({ truth }) => truth?.state)
    for (const [i, { screen }] of shown.entries()) {
      const state = detector.detect(screen)?.state
      const around = [truths.slice(0, i).findLast(Boolean), truths.slice(i).find(Boolean)]
      if (ASKS.includes(state)) expect(around).toContain(state)
      if (around.every((truth) => TELLS_NOTHING.includes(truth))) expect(state).toBeUndefined()
    }
  })

  it("is seen in a shell that it was started from, too, and believed less", () => {
    const shell = detectorFor(["bash"])!
    for (const { screen } of shown) {
      const direct = detector.detect(screen)
      const inShell = shell.detect(screen)
      if (detector !== shell && direct !== undefined) {
        expect(inShell).toMatchObject({ state: direct.state })
        expect(inShell!.confidence).toBeLessThan(direct.confidence)
      }
    }
  })
})
