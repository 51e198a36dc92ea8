/** A daemon that was started for somebody goes when nobody needs it, and not before. */
import { existsSync } from "node:fs"
import { expect, test } from "vitest"
import { makeSandbox } from "../support/Sandbox.ts"
import { startShell } from "../support/sessions.ts"

const config = '[daemon]\nidle_exit = "1s"\n'
const args = ["--ephemeral"]
/** Longer than `idle_exit`: something else takes this long, and the daemon must still be there. */
const LONG = "sleep 1.5"

test("an ephemeral daemon that nobody came to leaves after idle_exit, in good order", async () => {
  await using sandbox = makeSandbox()
  const started = performance.now()
  const daemon = await sandbox.start({ args, config })
  expect(await daemon.exited).toEqual({ code: 0, signal: null })
  expect(performance.now() - started).toBeGreaterThan(1_000)
  expect(daemon.log.at(-1)!.message).toBe("stopping: idle")
  expect(existsSync(sandbox.socket)).toBe(false)
})

test("it stays while a client is connected, and leaves after the last one", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start({ args, config })
  const client = await daemon.connect()
  expect((await client.result("daemon.status")).ephemeral).toBe(true)
  const session = await startShell(client, LONG)
  await client.result("session.wait", { session: session.id, for: "exit" })
  // The session took longer than idle_exit; now only the client is there, and as long again.
  await client.result("session.wait", { session: session.id, for: "exit" })
  const again = await startShell(client, LONG)
  await client.result("session.stop", { session: again.id })
  expect(daemon.code).toBeNull()
  client.destroy()
  expect(await daemon.exited).toEqual({ code: 0, signal: null })
})

test("it stays while a session lives, though nobody is connected, and its end begins the time", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start({ args, config })
  const client = await daemon.connect()
  const begun = performance.now()
  await startShell(client, LONG)
  client.destroy()
  expect(await daemon.exited).toEqual({ code: 0, signal: null })
  expect(performance.now() - begun).toBeGreaterThan(2_400)
})

test("without --ephemeral it stays", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start({ config })
  // Longer than idle_exit, measured by an ephemeral one beside it.
  await using other = makeSandbox()
  await (await other.start({ args, config })).exited
  expect(daemon.code).toBeNull()
  expect(await (await daemon.connect()).result("health")).toEqual({ ok: true })
})
