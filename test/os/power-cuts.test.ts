/**
 * The power goes out, counted: whatever the daemon has acknowledged is there afterwards, whenever it happens.
 *
 * AGENTD_TEST_SEED repeats a run's moments; AGENTD_TEST_CUTS changes how many there are.
 */
import { randomInt } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Dice } from "../support/Dice.ts"
import type { Report } from "./programs/vm/append.ts"
import type { Step } from "./programs/vm/exchange.ts"
import type { Found } from "./programs/vm/look.ts"
import { Exchanges } from "./support/exchanges.ts"
import { buildPackages, packagingTools } from "./support/packages.ts"
import { Vm } from "./support/Vm.ts"
import { makeDisk, vmTools } from "./support/VmImage.ts"

const CUTS = Number(process.env.AGENTD_TEST_CUTS ?? 20)
const SEED = Number(process.env.AGENTD_TEST_SEED ?? randomInt(2 ** 31))
/** One for each processor: a machine has one that works most of the time. */
const MACHINES = 2
/** The last cuts of each machine come while it exchanges messages, at these steps. */
const STEPS: ReadonlyArray<ReadonlyArray<Step>> = [
  ["committed", "pushed"],
  ["receiving", "fetched"]
]
/** Milliseconds between the first acknowledgement after a boot and the cut: at the most. */
const LONGEST = 2_500
const ALL_MS = 12 * 60_000

const reason = inject("cannotBoot") ?? packagingTools() ?? vmTools()
if (reason !== null) process.stdout.write(`\nNo power is cut: ${reason}\n\n`)
const folder = mkdtempSync(join(tmpdir(), "agentd-power-"))

interface Tally {
  cuts: number
  acknowledged: number
  sessions: number
  interrupted: number
  lines: number
  /** Sessions of whose output nothing had reached the disk. */
  unwritten: number
  /** Lines that were written without fsync(2), and those of them that were gone. */
  unsynced: number
  gone: number
  readonly boots: Array<number>
  /** Messages acknowledged while they were exchanged, and why exchanges failed after a cut. */
  messages: number
  readonly failures: Array<string>
}

describe.skipIf(reason !== null)("a machine whose power goes out", () => {
  const disks = Array.from({ length: MACHINES }, (_, number) => join(folder, `disk-${number}`))
  beforeAll(async () => {
    const deb = buildPackages(folder, "deb").find((path) => path.endsWith(".deb"))!
    for (const disk of disks) await makeDisk(disk, deb)
  }, ALL_MS)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it(`has everything that was acknowledged, after each of ${CUTS} cuts`, { timeout: ALL_MS, retry: 0 }, async () => {
    process.stdout.write(`seed ${SEED}\n`)
    const began = performance.now()
    const tally: Tally = {
      cuts: 0,
      acknowledged: 0,
      sessions: 0,
      interrupted: 0,
      lines: 0,
      unwritten: 0,
      unsynced: 0,
      gone: 0,
      boots: [],
      messages: 0,
      failures: []
    }
    await Promise.all(disks.map((disk, number) => cutAgainAndAgain(disk, number, tally)))
    process.stdout.write(figures(tally, performance.now() - began))
    expect(tally.cuts).toBe(CUTS)
    expect(tally.acknowledged).toBeGreaterThan(CUTS - STEPS.flat().length)
    expect(tally.messages).toBeGreaterThan(MACHINES)
    // Otherwise a cut would take nothing along, and all of this would show nothing.
    expect(tally.gone).toBeGreaterThan(0)
  })
})

const cutAgainAndAgain = async (disk: string, number: number, tally: Tally): Promise<void> => {
  const dice = new Dice(SEED + number)
  const cuts = Math.floor(CUTS / MACHINES) + (number < CUTS % MACHINES ? 1 : 0)
  const steps = STEPS[number % STEPS.length]!.slice(-cuts)
  const exchanges = new Exchanges()
  /** Everything ever acknowledged, in its order for each session. */
  const all: Array<Report> = []
  let seen = 0
  for (let round = 0; ; round++) {
    const began = performance.now()
    await using vm = await Vm.boot(disk)
    tally.boots.push(performance.now() - began)
    await managerUp(vm)
    if (round > 0) seen = judge(await look(vm, 0), all, seen, tally)
    const step = steps[round - (cuts - steps.length)]
    if (step !== undefined || round === cuts) {
      await exchanges.run(vm, round, step)
      if (step !== undefined) {
        tally.cuts++
        continue
      }
      tally.messages += exchanges.said.length
      tally.failures.push(...exchanges.failures)
      return
    }
    const failed = appendUntilCut(vm, `${number}.${round}`)
    const first = new Promise<void>((resolve) => {
      vm.onReport = (line) => line.includes('"named"') && resolve()
    })
    await Promise.race([first, failed])
    await pause(dice.below(LONGEST))
    await vm.cutPower()
    tally.cuts++
    // The last line may have been on its way.
    const reports = vm.reported.flatMap((line) => (line.endsWith("}") ? [JSON.parse(line) as Report] : []))
    tally.acknowledged += reports.filter(({ is }) => is !== "unsynced").length
    all.push(...reports)
  }
}

/** Answers only when something went wrong. */
const appendUntilCut = async (vm: Vm, round: string): Promise<never> => {
  const argv = ["/usr/lib/agentd/node", "/usr/local/lib/test/append.ts", CLIENT, round]
  const { stderr } = await vm.user(argv, { mayFail: true })
  throw new Error(`nothing is appended any more: ${stderr}\n${await journal(vm)}`)
}

const journal = async (vm: Vm): Promise<string> =>
  (await vm.run(["journalctl", "--no-pager", "--lines=40"], { mayFail: true })).stdout

const CLIENT = "/usr/lib/agentd/dist/client/index.js"

const managerUp = (vm: Vm): Promise<void> =>
  vm.until("the user's manager to be up", async () => {
    const asked = ["systemctl", "--user", "is-active", "agentd.socket"]
    return (await vm.user(asked, { mayFail: true })).stdout.trim() === "active"
  })

const look = async (vm: Vm, after: number): Promise<Found> => {
  const argv = ["/usr/lib/agentd/node", "/usr/local/lib/test/look.ts", CLIENT, String(after)]
  const { code, stderr, stdout } = await vm.user(argv, { mayFail: true })
  if (code !== 0) throw new Error(`the daemon does not tell what it knows: ${stderr}\n${await journal(vm)}`)
  return JSON.parse(stdout) as Found
}

/** What must hold after a cut. Returns the last sequence number there is. */
const judge = (found: Found, acknowledged: ReadonlyArray<Report>, seen: number, tally: Tally): number => {
  expect(found.problems).toEqual([])
  const numbers = found.events.map(({ seq }) => seq)
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  const of = (session: string) => found.events.filter(({ body }) => "session" in body && body.session === session)
  const status = new Map(found.sessions.map(({ id, status }) => [id, status]))
  // One that took too long was asked for again.
  const names = (session: string) => [
    ...new Set(of(session).flatMap(({ body }) => (body.type === "session.renamed" ? body.name : [])))
  ]

  for (const id of new Set(acknowledged.flatMap((each) => (each.is === "unsynced" ? [] : each.session)))) {
    const mine = acknowledged.filter((each) => each.is !== "unsynced" && each.session === id)
    const kinds = of(id).map(({ body }) => body.type)
    expect(kinds[0], id).toBe("session.started")
    const named = mine.flatMap((each) => (each.is === "named" ? each.name : []))
    // What was recorded and not acknowledged any more may come after.
    expect(names(id).slice(0, named.length), id).toEqual(named)
    const over = mine.some(({ is }) => is === "ended")
    expect(status.get(id), id).toEqual(over ? "exited" : expect.stringMatching(/^(interrupted|exited)$/))
    if (named.length > 0) expect(status.get(id), id).toBe("interrupted")
  }
  expect([...status.values()].filter((each) => !["interrupted", "exited"].includes(each))).toEqual([])

  const fresh = found.events.filter(({ body, seq }) => seq > seen && body.type === "session.started")
  for (const { body } of fresh) {
    if (body.type !== "session.started") continue
    tally.sessions++
    if (status.get(body.session) === "interrupted") tally.interrupted++
    // Output is no event: it reaches the disk within seconds, and a session's first may not have.
    if (found.outputs[body.session]?.startsWith("unreadable:")) {
      expect(found.outputs[body.session]).toContain("it is not there any more")
      expect(status.get(body.session)).toBe("interrupted")
      tally.unwritten++
      continue
    }
    tally.lines += linesIn(found.outputs[body.session] ?? "", body.session)
  }
  const said = new Set(found.unsynced.split("\n"))
  const unsynced = acknowledged.flatMap((each) => (each.is === "unsynced" ? each.line : []))
  tally.unsynced = Math.max(tally.unsynced, unsynced.length)
  tally.gone = Math.max(tally.gone, unsynced.filter((line) => !said.has(line)).length)
  return numbers.at(-1) ?? 0
}

/** Whole lines of a talker's output: one after the other, and a torn one at the end at the most. */
const linesIn = (output: string, session: string): number => {
  const lines = output.split("\n")
  const torn = lines.pop() ?? ""
  expect(lines, session).toEqual(lines.map((_, index) => `line ${index + 1}`))
  expect(`line ${lines.length + 1}`.startsWith(torn), `${session} ends with ${JSON.stringify(torn.slice(0, 80))}`).toBe(
    true
  )
  return lines.length
}

const figures = (tally: Tally, ms: number): string => {
  const boots = tally.boots.toSorted((a, b) => a - b)
  const seconds = (value: number | undefined) => `${((value ?? 0) / 1000).toFixed(1)} s`
  return [
    `${cpus().length} × ${cpus()[0]?.model}, emulated machines, seed ${SEED}, ${seconds(ms)} in all`,
    `  ${tally.cuts} cuts, boots: median ${seconds(boots[boots.length >> 1])}, worst ${seconds(boots.at(-1))}`,
    `  ${tally.acknowledged} things acknowledged, 0 lost; ${tally.sessions} sessions, ${tally.interrupted} of them interrupted`,
    `  ${tally.lines} whole lines in their transcripts, ${tally.unwritten} sessions so young that none was on disk; of ${tally.unsynced} lines written without fsync, ${tally.gone} were gone`,
    `  ${tally.messages} messages acknowledged while they were exchanged, 0 lost; exchanges that failed after a cut: ${tally.failures.length}`,
    ...tally.failures.map((reason) => `    ${reason}`),
    ""
  ].join("\n")
}
