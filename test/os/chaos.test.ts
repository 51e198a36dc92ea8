/**
 * The promise agentd is made for, counted: whatever happens to the daemon, no session ends, and no line of output and no key is lost,
 * repeated or out of order.
 *
 * AGENTD_TEST_SEED repeats a run's moments; AGENTD_TEST_KILLS and AGENTD_TEST_CHAOS_SESSIONS change its size.
 */
import { randomInt } from "node:crypto"
import { cpus, totalmem } from "node:os"
import { Terminal } from "@xterm/headless"
import { expect, it } from "vitest"
import type { Plan, Report } from "./programs/chaos.ts"
import { onSystems } from "./support/onSystems.ts"

const plan: Plan = {
  sessions: Number(process.env.AGENTD_TEST_CHAOS_SESSIONS ?? 100),
  kills: Number(process.env.AGENTD_TEST_KILLS ?? 50),
  seed: Number(process.env.AGENTD_TEST_SEED ?? randomInt(2 ** 31)),
  attached: 10,
  typed: 5
}

const CHAOS_MS = 300_000

onSystems("a daemon killed again and again", ({ system, user }) => {
  it("loses no session, no line and no key", { timeout: CHAOS_MS }, async () => {
    await using somebody = await user()
    process.stdout.write(`seed ${plan.seed}\n`)
    const report = await somebody.program<Report>("chaos.ts", plan)
    process.stdout.write(figures(system.name, report))
    expect(report.lost).toEqual([])
    expect(report.wrong).toEqual([])
    expect(report.wronglyTyped).toEqual([])
    expect(report.keys).toBeGreaterThan(plan.kills * plan.typed)
    expect(report.exits).toEqual({ "0": plan.sessions })
    expect(report.lines).toBeGreaterThan(plan.sessions)
    for (const { bytes, screen } of report.seen) expect(await lastScreen(bytes)).toEqual(screen)
  })
})

/** What a terminal shows that was sent these bytes. */
const lastScreen = async (bytes: string): Promise<ReadonlyArray<string>> => {
  const terminal = new Terminal({ cols: 80, rows: 24, allowProposedApi: true })
  await new Promise<void>((done) => terminal.write(bytes, done))
  const { active } = terminal.buffer
  const lines = Array.from({ length: terminal.rows }, (_, row) =>
    active
      .getLine(active.baseY + row)!
      .translateToString(true)
      .trimEnd()
  )
  terminal.dispose()
  return lines
}

const figures = (name: string, { bytes, keys, lines, lost, served, started, wrong, wronglyTyped }: Report): string => {
  const sorted = served.toSorted((a, b) => a - b)
  const ms = (value: number | undefined) => `${Math.round(value ?? Number.NaN)} ms`
  return [
    `${name}, ${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, seed ${plan.seed}`,
    `  ${plan.sessions} sessions started in ${ms(started)}; the daemon killed ${plan.kills} times`,
    `  ${lost.length} sessions lost; ${lines} lines (${bytes} bytes), ${wrong.length} faults in them`,
    `  ${keys} keys typed meanwhile, ${wronglyTyped.length} sessions that read others`,
    `  all sessions served again after: median ${ms(sorted[sorted.length >> 1])}, worst ${ms(sorted.at(-1))} (${sorted.length} of the kills; the others hit a daemon that was starting)`,
    ""
  ].join("\n")
}
