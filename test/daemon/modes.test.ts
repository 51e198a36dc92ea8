/** What `agentd` does besides serving: examine, rebuild, explain its configuration, and leave. */
import { statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { expect, test } from "vitest"
import { makeSandbox, type Sandbox, type StartOptions } from "../support/Sandbox.ts"
import { startShell } from "../support/sessions.ts"

const run = async (sandbox: Sandbox, args: ReadonlyArray<string>, options: StartOptions = {}) => {
  const { exited, stderr, stdout } = await finished(sandbox, args, options)
  return { code: exited.code, stdout, stderr }
}
const finished = async (sandbox: Sandbox, args: ReadonlyArray<string>, options: StartOptions) => {
  const agentd = sandbox.spawn({ ...options, args })
  const exited = await agentd.exited
  return { exited, stdout: agentd.stdout, stderr: agentd.stderr }
}

/** A state directory with a session in its log. */
const filled = async () => {
  const sandbox = makeSandbox()
  const client = await (await sandbox.start()).connect()
  const session = await startShell(client, "echo hello", { name: "kept-one" })
  await client.result("session.wait", { session: session.id, for: "exit" })
  await client.result("daemon.shutdown", { reason: "to look at what it wrote" })
  await sandbox.stopped()
  return sandbox
}

const change = (sandbox: Sandbox, sql: string) => {
  using database = new DatabaseSync(sandbox.database)
  database.exec(sql)
}

test("--rebuild makes the tables what the log implies", async () => {
  await using sandbox = await filled()
  change(sandbox, "UPDATE sessions SET name = 'forged'")
  const doctor = await run(sandbox, ["--doctor"])
  expect(doctor).toMatchObject({ code: 1, stdout: expect.stringMatching(/problem {2}projections: .*sessions/) })
  expect(doctor.stdout).toContain("agentd --rebuild")
  expect(await run(sandbox, ["--rebuild"])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Rebuilt .* \d+ events/)
  })
  expect((await run(sandbox, ["--doctor"])).code).toBe(0)
  const client = await (await sandbox.start()).connect()
  expect((await client.result("session.list", { all: true })).sessions).toMatchObject([{ name: "kept-one" }])
})

test("--doctor says what it examined, for people and for programs", async () => {
  await using sandbox = await filled()
  const { code, stdout } = await run(sandbox, ["--doctor"])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^ok {7}store: .*agentd\.db is sound\.$/m)
  const { findings } = JSON.parse((await run(sandbox, ["--doctor", "--json"])).stdout)
  expect(findings.map(({ check }: { check: string }) => check)).toEqual([
    "store",
    "projections",
    "configuration",
    "backup",
    "clock",
    "permissions",
    "disk",
    "disk (runtime)",
    "descriptors"
  ])
  for (const { fix, level } of findings) expect(fix === null).toBe(level === "ok")
})

test("the daemon's own doctor finds the same", async () => {
  await using sandbox = makeSandbox()
  const client = await (await sandbox.start()).connect()
  const { findings } = await client.result("daemon.doctor")
  expect(findings.filter(({ level }: { level: string }) => level === "problem")).toEqual([])
})

test.each(["--rebuild", "--doctor"])("%s keeps away from the store of a daemon that runs", async (mode) => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  expect(await run(sandbox, [mode])).toMatchObject({
    code: 75,
    stdout: "",
    stderr: expect.stringContaining(`Another daemon (pid ${daemon.pid})`)
  })
})

test("--check-config says what is wrong in a file, each on a line of its own, and exits 78", async () => {
  await using sandbox = makeSandbox()
  const file = join(sandbox.root, "new.toml")
  writeFileSync(file, '[session]\ncols = 100\ngrace = "2s"\n', { mode: 0o600 })
  expect(await run(sandbox, ["--check-config", file])).toEqual({ code: 0, stdout: `${file}: valid\n`, stderr: "" })
  writeFileSync(file, '[session]\ncols = 0\ngrace = "soon"\n')
  const { code, stdout } = await run(sandbox, ["--check-config", file])
  expect(code).toBe(78)
  expect(stdout.trimEnd().split("\n")).toEqual([
    expect.stringMatching(`^${file}:2: session.cols: `),
    expect.stringMatching(`^${file}:3: session.grace: `)
  ])
  expect(await run(sandbox, ["--check-config", join(sandbox.root, "none")])).toMatchObject({
    code: 78,
    stdout: expect.stringContaining("there is no such file")
  })
})

test("--show-config shows each key's value, and where it comes from when asked", async () => {
  await using sandbox = makeSandbox()
  const options = { config: "[session]\ncols = 100\n", env: { AGENTD_SESSION_GRACE: "9s" } }
  const plain = await run(sandbox, ["--show-config"], options)
  expect(plain.stdout).toMatch(/^session\.cols = 100$/m)
  const { code, stdout } = await run(sandbox, ["--show-config", "--origin"], options)
  expect(code).toBe(0)
  expect(stdout).toMatch(new RegExp(`^session\\.cols = 100 +# ${sandbox.configFile}:2$`, "m"))
  expect(stdout).toMatch(/^session\.grace = "9s" +# AGENTD_SESSION_GRACE$/m)
  expect(stdout).toMatch(/^session\.rows = 24 +# built-in$/m)
  const { values } = JSON.parse((await run(sandbox, ["--show-config", "--json"], options)).stdout)
  expect(values).toContainEqual({ key: "session.cols", value: 100, origin: sandbox.configFile, line: 2, locked: false })
})

test("--version and --help say so and touch nothing", async () => {
  await using sandbox = makeSandbox()
  expect(await run(sandbox, ["--version"])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^agentd \d+\.\d+\.\d+ \(Node v/)
  })
  expect(await run(sandbox, ["--help"])).toMatchObject({ code: 0, stdout: expect.stringContaining("--rebuild") })
  expect(statSync(sandbox.state, { throwIfNoEntry: false })).toBeUndefined()
})
