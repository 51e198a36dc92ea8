import { readFileSync, statSync } from "node:fs"
import { expect, test } from "vitest"
import { makeSandbox } from "../support/Sandbox.ts"

test("the pid file says in JSON which daemon listens where", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  const client = await daemon.connect()
  const status = await client.result("daemon.status")
  const written = JSON.parse(readFileSync(sandbox.pidFile, "utf8"))
  expect(written).toEqual({
    pid: daemon.pid,
    started_at: new Date(status.startedAt).toISOString(),
    version: status.version,
    socket: sandbox.socket,
    executable: status.executable
  })
  expect(statSync(sandbox.pidFile).mode & 0o777).toBe(0o600)
})
