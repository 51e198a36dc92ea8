/** How a daemon comes up, and what a second one does about the first. */
import { once } from "node:events"
import { readdirSync, readFileSync, statSync, watch } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { RawClient } from "../support/RawClient.ts"
import { makeSandbox } from "../support/Sandbox.ts"

test("the pid file says in JSON which daemon listens where", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  const status = await (await daemon.connect()).result("daemon.status")
  expect(JSON.parse(readFileSync(sandbox.pidFile, "utf8"))).toEqual({
    pid: daemon.pid,
    started_at: new Date(status.startedAt).toISOString(),
    version: status.version,
    socket: sandbox.socket,
    executable: status.executable
  })
  expect(statSync(sandbox.pidFile).mode & 0o777).toBe(0o600)
})

test("it answers as soon as its socket is there, and tells what it is", async () => {
  await using sandbox = makeSandbox()
  // Made by a first one, so that there is a directory to watch.
  await (await sandbox.start()).stop()
  const watcher = watch(sandbox.runtime)
  const daemon = sandbox.spawn()
  await once(watcher, "change")
  watcher.close()
  const connect = (): Promise<RawClient> => RawClient.open(sandbox.socket).catch(connect)
  const client = await connect()
  const told = await client.result("daemon.status")
  expect(told).toMatchObject({
    pid: daemon.pid,
    node: expect.stringMatching(/^v/),
    socket: sandbox.socket,
    stateDirectory: sandbox.state,
    runtimeDirectory: sandbox.runtime,
    configFiles: [],
    ephemeral: false,
    draining: false,
    sessions: { live: 0, ended: 0 },
    connections: 1
  })
  // Two starts and a stop: each start is on record before anybody is answered.
  expect(told.lastSeq).toBe(3)
  client.destroy()
})

test("a start is recorded, and so is an orderly end with its reason", async () => {
  await using sandbox = makeSandbox()
  const first = await sandbox.start()
  expect(await first.stop()).toEqual({ code: 0, signal: null })
  const client = await (await sandbox.start()).connect()
  const { events } = await client.result("event.list")
  expect(events.map(({ body }: { body: object }) => body)).toMatchObject([
    { type: "daemon.started", pid: first.pid },
    { type: "daemon.stopped", reason: "SIGTERM" },
    { type: "daemon.started" }
  ])
})

test("a second daemon exits 75, names the first and touches nothing, whatever else is wrong", async () => {
  await using sandbox = makeSandbox()
  const first = await sandbox.start()
  const before = readdirSync(sandbox.state)
  const second = sandbox.spawn({ config: "this is not TOML" })
  expect(await second.exited).toEqual({ code: 75, signal: null })
  expect(second.stderr).toMatch(new RegExp(`^agentd: Another daemon \\(pid ${first.pid}\\) .*agentd\\.lock`))
  expect(second.stderr.trimEnd().split("\n")).toHaveLength(1)
  expect(readdirSync(sandbox.state)).toEqual(before)
  expect(JSON.parse(readFileSync(sandbox.pidFile, "utf8")).pid).toBe(first.pid)
  expect(await (await first.connect()).result("health")).toEqual({ ok: true })
  sandbox.configure("")
})

test("a daemon with other state does not take the socket from one that listens there", async () => {
  await using sandbox = makeSandbox()
  const first = await sandbox.start()
  const second = sandbox.spawn({ env: { XDG_STATE_HOME: join(sandbox.root, "elsewhere") } })
  expect(await second.exited).toEqual({ code: 75, signal: null })
  expect(second.stderr).toContain(`Another daemon (pid ${first.pid})`)
  expect(await (await first.connect()).result("health")).toEqual({ ok: true })
})

test("of many that are started at once, one serves and the others name it", async () => {
  await using sandbox = makeSandbox()
  const all = Array.from({ length: 6 }, () => sandbox.spawn())
  await Promise.any(all.map(({ ready }) => ready))
  const serving = (await (await sandbox.connect()).result("daemon.status")).pid
  for (const daemon of all) {
    if (daemon.pid === serving) continue
    expect(await daemon.exited).toEqual({ code: 75, signal: null })
    expect(daemon.stderr).toMatch(/Another daemon/)
  }
})

test("systemd's directories win over XDG's", async () => {
  await using sandbox = makeSandbox()
  const runtime = join(sandbox.root, "r")
  const daemon = await sandbox.start({ env: { RUNTIME_DIRECTORY: runtime, STATE_DIRECTORY: join(sandbox.root, "s") } })
  expect(daemon.stderr).toContain(join(runtime, "api.sock"))
  expect(statSync(join(sandbox.root, "s", "agentd.db")).isFile()).toBe(true)
  expect(readdirSync(sandbox.xdgState)).toEqual([])
})

test("a daemon started from inside a session of another is one of its own", async () => {
  await using outer = makeSandbox()
  const client = await (await outer.start()).connect()
  const session = await client.result("session.start", { argv: ["true"], cwd: "/" })
  await using inner = makeSandbox()
  const daemon = await inner.start({ env: { AGENTD_SESSION: session.id, AGENTD_SESSION_NAME: session.name } })
  expect((await (await daemon.connect()).result("daemon.status")).sessions).toEqual({ live: 0, ended: 0 })
})
