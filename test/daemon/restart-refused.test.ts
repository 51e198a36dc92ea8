/** A version that cannot take over never gets the chance to lose anything: the old one says why, and goes on. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { attach } from "../support/frames.ts"
import { complete, counter, follow, open, openWindow, type Place } from "../support/restart.ts"
import { startShell } from "../support/sessions.ts"

/** The program of the next version, in `sh`. */
const answers = (script: string) => (place: Place) => place.installed.replace(`#!/bin/sh\n${script}\n`)
const says = (answer: object) => answers(`echo '${JSON.stringify(answer)}'`)
const command = ["/nowhere/node"]

test.each<readonly [string, (place: Place) => void, RegExp]>([
  [
    "is broken",
    answers("echo 'cannot load pty.node' >&2; exit 1"),
    /would not start \(exit code 1\): cannot load pty\.node/
  ],
  ["is no program", ({ installed }) => installed.replace("\u007fELF"), /cannot be run|would not start/],
  ["says nothing", answers("exit 0"), /does not say whether it can take over/],
  [
    "is from before there were handovers",
    answers("echo 'agentd: Unknown option' >&2; exit 64"),
    /would not start.*Unknown option/
  ],
  [
    "wants another format",
    says({ version: "9.0.0", handover: { first: 7, last: 9 }, command }),
    /agentd 9\.0\.0 cannot take over from this version/
  ],
  [
    "is gone when it is executed",
    says({ version: "1.0.1", handover: { first: 1, last: 1 }, command }),
    /refuses to execute \/nowhere\/node/
  ],
  [
    "does not accept the configuration",
    ({ sandbox }) => sandbox.configure("[daemon]\nno_such_key = 1\n"),
    /would not start \(exit code 78\)[\s\S]*no_such_key/
  ]
])("a version that %s", async (_, prepare, reason) => {
  const place = await open()
  const { client, daemon, sandbox } = place
  const stop = join(sandbox.root, "stop")
  const session = await startShell(client, counter(stop, "sleep 0.01;"))
  const watcher = await daemon.connect()
  await attach(watcher, session.id, { lossy: "bytes" })
  prepare(place)
  const { error } = await client.call("daemon.restart")
  expect(error).toMatchObject({ message: expect.stringMatching(reason), data: { tag: "Conflict" } })
  expect(daemon.log).toContainEqual(
    expect.objectContaining({ level: "error", message: expect.stringMatching(/not restarted/) })
  )
  // Nothing is held back any more: new sessions end, and are seen to end.
  const next = await startShell(client, "exit 3")
  expect((await client.result("session.wait", { session: next.id, for: "exit" })).session.exit).toMatchObject({
    code: 3
  })
  expect(await client.result("daemon.status")).toMatchObject({ version: "1.0.0", pid: daemon.pid })
  writeFileSync(stop, "")
  complete(await follow(watcher)("done"))
  sandbox.configure("")
})

test("a package that is gone is told, not looked for elsewhere", async () => {
  const { client, installed, sandbox } = await open()
  const { rmSync } = await import("node:fs")
  rmSync(join(installed.root, "bin"), { recursive: true })
  const { error } = await client.call("daemon.restart")
  expect(error!.message).toContain(`there is no ${join(sandbox.root, "package", "bin", "agentd")}`)
})

test("a version that fails after all is started again until it comes up, with everything it was left", async () => {
  const place = await open()
  const { client, daemon, sandbox } = place
  const stop = join(sandbox.root, "stop")
  const session = await startShell(client, counter(stop, "sleep 0.01;"))
  const watcher = await daemon.connect()
  await attach(watcher, session.id, { lossy: "bytes" })
  const window = await openWindow(place)
  sandbox.configure("[daemon]\nno_such_key = 1\n")
  const restarted = window.close()
  await daemon.written(/no_such_key[\s\S]*no_such_key/)
  sandbox.configure("")
  expect(await restarted).toMatchObject({ pid: daemon.pid })
  writeFileSync(stop, "")
  complete(await follow(watcher)("done"))
})

test("the environment that names the handover is seen by no program", async () => {
  const place = await open()
  const { client } = place
  await client.result("daemon.restart")
  const session = await startShell(client, "env; exit 0")
  await client.result("session.wait", { session: session.id, for: "exit" })
  const { data } = await client.result("session.output", { session: session.id, format: "text" })
  expect(data).not.toContain("AGENTD_HANDOVER")
  expect(readFileSync(`/proc/${place.daemon.pid}/cmdline`, "utf8")).not.toContain("handover")
})
