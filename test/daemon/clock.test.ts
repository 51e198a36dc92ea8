/** The wall clock is put back by an hour under a daemon that runs: nothing waits an hour for that, and nothing is lost or reordered. */
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { makeSandbox } from "../support/Sandbox.ts"
import { startShell } from "../support/sessions.ts"

/** Answers a program's questions for the time; only the wall clock, as when somebody sets it (clock_settime(2)). */
const library = ["x86_64", "aarch64"]
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path))
if (library === undefined) console.warn("Skipped: the test of a clock that is put back (libfaketime is not installed)")

test.skipIf(library === undefined)("a clock that is put back by an hour stops no timer and no record", async () => {
  await using sandbox = makeSandbox()
  const clock = join(sandbox.root, "clock")
  writeFileSync(clock, "+0\n")
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    DONT_FAKE_MONOTONIC: "1"
  }
  const daemon = await sandbox.start({ env, config: '[transcript]\nkeep_for = "30m"\n' })
  const client = await daemon.connect()
  const plain = { PATH: process.env.PATH }
  const over = await startShell(client, "echo before; exit 0", { env: plain })
  await client.result("session.wait", { session: over.id, for: "exit" })
  const idle = await startShell(client, "echo said; sleep 1000", { env: plain })
  await client.result("session.wait", { session: idle.id, for: "output", pattern: "said" })
  const early = await startShell(client, "sleep 1000", { env: plain, ttlMs: 4_000 })

  writeFileSync(clock, "-1h\n")
  const late = await startShell(client, "sleep 1000", { env: plain, ttlMs: 1_000 })
  // It was: otherwise this would show nothing.
  expect(late.createdAt).toBeLessThan(early.createdAt - 3_000_000)
  for (const { id } of [early, late]) {
    const { session } = await client.result("session.wait", { session: id, for: "exit", timeoutMs: 20_000 })
    expect(session.exit).toMatchObject({ by: "ttl" })
  }
  // It printed "in an hour", and is silent all the same.
  await client.result("session.wait", { session: idle.id, for: "idle", idleMs: 500, timeoutMs: 20_000 })
  await client.result("session.stop", { session: idle.id, graceMs: 500 })

  const told = async () => (await client.result("event.list")).events as ReadonlyArray<{ seq: number; id: string }>
  const events = await told()
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
  expect(events.map(({ id }) => id)).toEqual(events.map(({ id }) => id).toSorted())

  await daemon.stop()
  const again = await (await sandbox.start({ env })).connect()
  const after = (await again.result("event.list")).events
  expect(after.slice(0, events.length)).toEqual(events)
  expect(after.map(({ seq }: { seq: number }) => seq)).toEqual(after.map((_: unknown, index: number) => index + 1))
  // What ended "in an hour" is not older than it may get.
  const { sessions } = await again.result("session.list", { all: true })
  expect(sessions.map(({ id }: { id: string }) => id)).toEqual([over.id, idle.id, early.id, late.id])
})
