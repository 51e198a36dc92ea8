/** What the service manager is told. */
import { join } from "node:path"
import { expect, test } from "vitest"
import { NotifySocket, notifyIsBuilt } from "../support/NotifySocket.ts"
import { makeSandbox } from "../support/Sandbox.ts"
import { startShell } from "../support/sessions.ts"

const built = notifyIsBuilt()
if (!built)
  process.stderr.write("skipped: the optional addon sd-notify is not built here (it needs libsystemd's headers)\n")

test.skipIf(!built)("ready once it listens, reloading and ready again, stopping", async () => {
  await using sandbox = makeSandbox()
  using manager = new NotifySocket(join(sandbox.root, "notify"))
  const daemon = await sandbox.start({ env: { NOTIFY_SOCKET: join(sandbox.root, "notify") } })
  const client = await daemon.connect()
  await client.result("health")
  expect(manager.take()).toEqual([expect.stringMatching(/^READY=1\nSTATUS=listening on .*api\.sock/)])
  await client.result("daemon.reload")
  expect(manager.take()).toEqual([
    expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+\n/),
    expect.stringMatching(/^READY=1\n/)
  ])
  await daemon.stop()
  expect(manager.take()).toEqual([expect.stringMatching(/^STOPPING=1\n/)])
})

test.skipIf(!built)("a start that fails never says that it is ready", async () => {
  await using sandbox = makeSandbox()
  using manager = new NotifySocket(join(sandbox.root, "notify"))
  const daemon = sandbox.spawn({ env: { NOTIFY_SOCKET: join(sandbox.root, "notify") }, config: "nonsense" })
  expect((await daemon.exited).code).toBe(78)
  expect(manager.take()).toEqual([])
})

test.skipIf(built)("without the addon it says that readiness is not reported, and runs", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start({ env: { NOTIFY_SOCKET: join(sandbox.root, "notify") } })
  expect(daemon.stderr).toContain("readiness is not reported")
  expect(await (await daemon.connect()).result("health")).toEqual({ ok: true })
})

test("what the service manager told the daemon is not told to its sessions", async () => {
  await using sandbox = makeSandbox()
  const env = {
    NOTIFY_SOCKET: "/nowhere",
    WATCHDOG_USEC: "1000000",
    LISTEN_FDS: "0",
    INVOCATION_ID: "abc",
    KEPT: "yes"
  }
  const client = await (await sandbox.start({ env })).connect()
  const session = await startShell(client, "env; echo end-of-env")
  await client.result("session.wait", { session: session.id, for: "exit" })
  const { data } = await client.result("session.output", { session: session.id, format: "text" })
  expect(data).toContain("KEPT=yes")
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "INVOCATION_ID"]) expect(data).not.toContain(name)
})
