/** A daemon on a full disk: it does not start, and says so; it leaves when it is told to; once there is space it has everything. */
import { spawnSync } from "node:child_process"
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { Event } from "../../src/contract/Event.ts"
import { makeSandbox } from "../support/Sandbox.ts"
import { startShell } from "../support/sessions.ts"

/** Room for a database and some output, and soon used up. */
const SIZE = "4m"

/** A small disk for the daemon's state. Daemons that are still on it go after it. */
const smallDisk = (directory: string, skip: (is: boolean, reason: string) => void): Disposable => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const options = `size=${SIZE},mode=700`
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory])
  skip(status !== 0, `no file system can be mounted here: ${stderr}`)
  return { [Symbol.dispose]: () => spawnSync("umount", ["--lazy", directory]) }
}
/** Takes all the space that is left. */
const fill = (directory: string): string => {
  const path = join(directory, "filler")
  const fd = openSync(path, "w")
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096))
  } catch (error) {
    expect(String(error)).toContain("ENOSPC")
  } finally {
    closeSync(fd)
  }
  return path
}

test("a full disk keeps a daemon from starting, by name, and costs nothing that was recorded", async ({ skip }) => {
  await using sandbox = makeSandbox()
  using _disk = smallDisk(sandbox.state, skip)

  const first = await sandbox.start()
  const client = await first.connect()
  const session = await startShell(client, "echo said before; exit 3")
  await client.result("session.wait", { session: session.id, for: "exit" })
  const { events } = await client.result("event.list")
  await first.kill()

  const filler = fill(sandbox.state)
  const second = sandbox.spawn()
  const { code } = await second.exited
  expect(code).not.toBe(0)
  expect(second.stderr).toMatch(/(disk|space|full)/i)
  expect(second.stderr).toContain(sandbox.state)

  rmSync(filler)
  const third = await (await sandbox.start()).connect()
  const after = await third.result("event.list")
  expect(after.events.slice(0, events.length)).toEqual(events)
  const { data } = await third.result("session.output", { session: session.id, format: "text" })
  expect(data).toContain("said before")
})

test("a full disk does not keep a daemon from leaving, and the next one knows of the session it could not record", async ({
  skip
}) => {
  await using sandbox = makeSandbox()
  using _disk = smallDisk(sandbox.state, skip)

  const first = await sandbox.start()
  const client = await first.connect()
  const session = await startShell(client, "while :; do echo tick; sleep 0.05; done")
  // Its beginning is recorded: only its end is left to be.
  for (;;) {
    const { events } = await client.result("event.list", { session: session.id })
    if (events.some(({ body }: Event) => body.type === "session.running")) break
  }
  const filler = fill(sandbox.state)
  first.signal("SIGTERM")
  expect((await first.exited).code).toBe(0)
  expect(first.stderr).toContain("session.ended is not recorded")

  rmSync(filler)
  const second = await (await sandbox.start()).connect()
  expect(await second.result("session.get", { session: session.id })).toMatchObject({ status: "interrupted" })
})
