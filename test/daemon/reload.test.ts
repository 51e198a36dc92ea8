/** The configuration read again while everything runs: all of it, or none. */
import { writeFileSync } from "node:fs"
import { expect, test } from "vitest"
import { makeSandbox } from "../support/Sandbox.ts"
import { startCat } from "../support/sessions.ts"

const settingIn = (shown: { values: ReadonlyArray<{ key: string; value: unknown; origin: string }> }, key: string) =>
  shown.values.find((each) => each.key === key)

test("SIGHUP takes a changed file, and the log says what changed", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start({ config: "[session]\ncols = 100\n" })
  const client = await daemon.connect()
  expect(settingIn(await client.result("config.show"), "session.cols")).toMatchObject({ value: 100 })
  sandbox.configure("[session]\ncols = 120\n")
  daemon.signal("SIGHUP")
  await daemon.written(/changed: session\.cols/)
  const shown = settingIn(await client.result("config.show"), "session.cols")
  expect(shown).toMatchObject({ value: 120, origin: sandbox.configFile, line: 2 })
  expect((await startCat(client)).cols).toBe(120)
})

test("a bad file changes nothing; SIGHUP logs why, daemon.reload answers why", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start({ config: "[session]\ncols = 100\n" })
  const client = await daemon.connect()
  sandbox.configure("[session]\ncols = 120\nrows = 'many'\n")
  daemon.signal("SIGHUP")
  await daemon.written(/configuration unchanged/)
  const reason = `${sandbox.configFile}:3: session.rows: `
  expect(daemon.log.at(-1)).toMatchObject({ level: "error", message: expect.stringContaining(reason) })
  expect(await client.call("daemon.reload")).toMatchObject({
    error: { code: -32017, data: { tag: "ConfigInvalid", file: sandbox.configFile, line: 3, key: "session.rows" } }
  })
  expect(settingIn(await client.result("config.show"), "session.cols")).toMatchObject({ value: 100 })
  expect((await startCat(client)).cols).toBe(100)
  // Mended, it is taken.
  sandbox.configure("[session]\ncols = 120\n")
  expect(await client.result("daemon.reload")).toEqual({ changed: ["session.cols"], restart: [] })
})

test("daemon.reload names the keys that wait for a restart", async () => {
  await using sandbox = makeSandbox()
  const client = await (await sandbox.start()).connect()
  sandbox.configure('[daemon]\nidle_exit = "7s"\nlog_level = "warn"\n')
  expect(await client.result("daemon.reload")).toEqual({
    changed: ["daemon.idle_exit", "daemon.log_level"],
    restart: ["daemon.idle_exit"]
  })
  expect(await client.result("daemon.reload")).toEqual({ changed: [], restart: [] })
})

test("the log's level follows a reload", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  const client = await daemon.connect()
  sandbox.configure('[daemon]\nlog_level = "error"\n')
  await client.result("daemon.reload")
  const quiet = daemon.log.length
  await client.result("daemon.reload")
  writeFileSync(sandbox.configFile, "nonsense")
  expect((await client.call("daemon.reload")).error).toBeDefined()
  await daemon.written(/configuration unchanged/)
  expect(daemon.log.slice(quiet).map(({ level }) => level)).toEqual(["error"])
})

test("a bad file at the start is exit 78 with file, line and key", async () => {
  await using sandbox = makeSandbox()
  const daemon = sandbox.spawn({ config: "[session]\n\ncolumns = 3\n" })
  expect(await daemon.exited).toEqual({ code: 78, signal: null })
  expect(daemon.stderr).toMatch(`agentd: ${sandbox.configFile}:3: session.columns: `)
})

test("sessions and clients notice nothing of a reload", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  const client = await daemon.connect()
  const session = await startCat(client)
  client.send({
    jsonrpc: "2.0",
    id: "w",
    method: "session.wait",
    params: { session: session.id, for: "output", pattern: "x" }
  })
  for (let turn = 0; turn < 5; turn++) daemon.signal("SIGHUP")
  await daemon.written(/nothing changed/)
  const other = await daemon.connect()
  await other.result("session.input", { session: session.id, text: "x\n" })
  expect(await client.answer()).toMatchObject({ id: "w", result: { match: "x" } })
})
