/**
 * Random histories on a simulator in virtual time, against the real event log, its projections and the real cycle: only the network
 * and the clocks are not. A history that goes wrong says its seed: AGENTD_TEST_SEED plays that one again; AGENTD_TEST_HISTORIES says how many
 * there are, AGENTD_TEST_FIRST_SEED where they begin (1,000 take a minute).
 */
import { afterAll, expect, it } from "vitest"
import { play } from "./History.ts"
import { Installation, type Time } from "./Installation.ts"

const COUNT = Number(process.env.AGENTD_TEST_HISTORIES ?? 150)
const FIRST = Number(process.env.AGENTD_TEST_FIRST_SEED ?? 0)
const seeds =
  process.env.AGENTD_TEST_SEED === undefined
    ? Array.from({ length: COUNT }, (_, seed) => FIRST + seed)
    : [Number(process.env.AGENTD_TEST_SEED)]

/** Histories that share databases, one after the other: a copy of a database that has seen thousands takes its time. */
const TOGETHER = 100

const time: Time = { now: 0 }
let installations: ReadonlyArray<Installation> = []
const close = () => Promise.all(installations.map((one) => one.close()))
afterAll(close)

it(`${seeds.length} histories end with the same everywhere, and with everything that was acknowledged`, {
  timeout: 600_000
}, async () => {
  for (const [index, seed] of seeds.entries()) {
    if (index % TOGETHER === 0) {
      await close()
      installations = await Promise.all([1, 2, 3].map((number) => Installation.open(number, time)))
    }
    const { steps, wrong } = await play(seed, installations, time)
    expect(wrong, `AGENTD_TEST_SEED=${seed}\n${steps.join("\n")}`).toBeNull()
  }
})
