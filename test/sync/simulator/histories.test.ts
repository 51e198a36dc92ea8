/**
 * Random histories on a simulator in virtual time, against the real event log, its projections and the real cycle: only the network
 * and the clocks are not. A history that goes wrong says its seed: AGENTD_TEST_SEED plays that one again; AGENTD_TEST_HISTORIES says how many
 * there are (1,000 take a minute).
 */
import { afterAll, beforeAll, expect, it } from "vitest"
import { play } from "./History.ts"
import { Installation, type Time } from "./Installation.ts"

const COUNT = Number(process.env.AGENTD_TEST_HISTORIES ?? 150)
const seeds =
  process.env.AGENTD_TEST_SEED === undefined
    ? Array.from({ length: COUNT }, (_, seed) => seed)
    : [Number(process.env.AGENTD_TEST_SEED)]

const time: Time = { now: 0 }
const installations: Array<Installation> = []
beforeAll(async () => {
  for (const index of [1, 2, 3]) installations.push(await Installation.open(index, time))
})
afterAll(() => Promise.all(installations.map((one) => one.close())))

it(`${seeds.length} histories end with the same everywhere, and with everything that was acknowledged`, {
  timeout: 600_000
}, async () => {
  for (const seed of seeds) {
    const { steps, wrong } = await play(seed, installations, time)
    expect(wrong, `AGENTD_TEST_SEED=${seed}\n${steps.join("\n")}`).toBeNull()
  }
})
