/** How a daemon leaves: with everything answered, ended, recorded and cleared away. */
import { existsSync } from "node:fs"
import { expect, test } from "vitest"
import { FrameType } from "../../src/contract/Frames.ts"
import type { Session } from "../../src/contract/session/Session.ts"
import { attach } from "../support/frames.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { startCat, startShell } from "../support/sessions.ts"

const grace = '[session]\ngrace = "200ms"\n'

/** A session as the next daemon knows it. */
const later = async (sandbox: Sandbox, { id }: Session): Promise<Session> => {
  const client = await (await sandbox.start()).connect()
  return client.result("session.get", { session: id })
}

test("SIGTERM answers what is under way, ends the sessions, clears away, and exits 0", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  const client = await daemon.connect()
  const session = await startCat(client)
  client.send({ jsonrpc: "2.0", id: "waiting", method: "session.wait", params: { session: session.id, for: "exit" } })
  const watcher = await daemon.connect()
  await watcher.result("event.watch")
  daemon.signal("SIGTERM")
  expect(await client.answer()).toMatchObject({
    id: "waiting",
    result: { session: { id: session.id, status: "interrupted", exit: { by: "shutdown", took: "term" } } }
  })
  expect(await client.line()).toBeNull()
  expect(await watcher.answer()).toMatchObject({
    method: "event",
    params: { event: { body: { type: "session.ended" } } }
  })
  expect(await daemon.exited).toEqual({ code: 0, signal: null })
  expect(existsSync(sandbox.socket)).toBe(false)
  expect(existsSync(sandbox.pidFile)).toBe(false)
  expect(daemon.log).toContainEqual(expect.objectContaining({ level: "info", message: "stopping: SIGTERM" }))
  // It was the daemon that was to end, not the session.
  expect(await later(sandbox, session)).toMatchObject({ status: "interrupted", exit: { by: "shutdown" } })
})

test("sessions that end because somebody asks for the daemon's end have ended, and are not started again", async () => {
  await using sandbox = makeSandbox()
  const client = await (await sandbox.start()).connect()
  const session = await startCat(client, { restart: "on-boot" })
  await client.result("daemon.shutdown", { reason: "to see what becomes of it" })
  await client.ended
  await sandbox.stopped()
  expect(await later(sandbox, session)).toMatchObject({ status: "exited", exit: { by: "shutdown" }, resumedBy: null })
})

test.each(["SIGTERM", "SIGINT"] as const)("%s right after it listens is an orderly end", async (signal) => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  daemon.signal(signal)
  expect(await daemon.exited).toEqual({ code: 0, signal: null })
})

test("a program that will not go is killed after the grace time, with all it started", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start({ config: grace })
  const client = await daemon.connect()
  const script = "trap '' HUP TERM; (trap '' HUP TERM; sleep 1000) & echo ready; while :; do sleep 1000; done"
  const session = await startShell(client, script)
  await client.result("session.wait", { session: session.id, for: "output", pattern: "ready" })
  expect(await daemon.stop()).toEqual({ code: 0, signal: null })
  expect(sandbox.processes()).toEqual([])
  expect(await later(sandbox, session)).toMatchObject({ exit: { by: "shutdown", took: "kill", signal: "SIGKILL" } })
})

test("an attached client is told how its session ended before the connection closes", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  const client = await daemon.connect()
  const session = await startCat(client)
  await attach(client, session.id)
  daemon.signal("SIGTERM")
  expect(JSON.parse((await client.frame(FrameType.Exit))!.payload.toString())).toMatchObject({ by: "shutdown" })
  expect(await client.frame()).toBeNull()
  expect((await daemon.exited).code).toBe(0)
})

test("while it stops, nothing new is begun and everything else is still answered", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start({ config: '[session]\ngrace = "2s"\n' })
  const client = await daemon.connect()
  const session = await startShell(
    client,
    "trap 'echo going' TERM; trap '' HUP; echo ready; while :; do sleep 0.1; done"
  )
  await client.result("session.wait", { session: session.id, for: "output", pattern: "ready" })
  expect(await client.result("daemon.shutdown", { reason: "an upgrade" })).toEqual({ ending: [session.name] })
  await client.result("session.wait", { session: session.id, for: "output", pattern: "going" })
  expect(await client.call("session.start", { argv: ["true"] })).toMatchObject({
    error: { code: -32013, data: { tag: "Draining", reason: "an upgrade" } }
  })
  expect((await client.result("daemon.status")).draining).toBe(true)
  expect((await daemon.exited).code).toBe(0)
  expect(daemon.log.map(({ message }) => message)).toContain("stopping: an upgrade")
})

test("daemon.shutdown with ifIdle refuses while it is in use, and says by whom", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  const client = await daemon.connect()
  const session = await startCat(client, { name: "busy-one" })
  const ask = () => client.call("daemon.shutdown", { reason: "test", ifIdle: true })
  expect(await ask()).toMatchObject({
    error: { data: { tag: "Conflict", reason: expect.stringContaining("busy-one") } }
  })
  await client.result("session.stop", { session: session.id })
  const other = await daemon.connect()
  await other.result("health")
  expect(await ask()).toMatchObject({ error: { data: { reason: expect.stringContaining("1 other client") } } })
  other.destroy()
  while ((await client.result("daemon.status")).connections > 1);
  expect(await ask()).toMatchObject({ result: { ending: [] } })
  expect((await daemon.exited).code).toBe(0)
})

/** A socket holds some 200 KiB; with 4 MiB unread no more requests are taken. */
const ANSWERS_BYTES = 3 * 1024 * 1024

test("answers that are still on their way arrive whole", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  const client = await daemon.connect()
  const whole = JSON.stringify(await client.result("rpc.discover"))
  // More than a socket holds and less than may wait unread, asked for in one write and so taken in one turn.
  const count = Math.floor(ANSWERS_BYTES / whole.length)
  const requests = Array.from({ length: count }, (_, id) => ({ jsonrpc: "2.0", id, method: "rpc.discover" }))
  client.write(requests.map((request) => `${JSON.stringify(request)}\n`).join(""))
  await client.answer()
  client.socket.pause()
  daemon.signal("SIGTERM")
  await daemon.written(/stopping/)
  client.socket.resume()
  for (let id = 1; id < count; id++) expect(JSON.stringify((await client.answer()).result)).toBe(whole)
  expect(await client.line()).toBeNull()
  expect(await daemon.exited).toEqual({ code: 0, signal: null })
})

test("a silent client and one that reads nothing do not keep it from leaving", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start({ config: '[daemon]\ndrain = "300ms"\n' })
  const silent = await daemon.connect()
  silent.write('{"half a line')
  const deaf = await daemon.connect()
  deaf.socket.pause()
  for (let id = 0; id < 500; id++) deaf.send({ jsonrpc: "2.0", id, method: "rpc.discover" })
  await (await daemon.connect()).result("health")
  expect(await daemon.stop()).toEqual({ code: 0, signal: null })
})

test("it lives on when nobody reads its log any more", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  daemon.child.stderr!.destroy()
  const client = await daemon.connect()
  for (let turn = 0; turn < 3; turn++) await client.result("daemon.reload")
  expect(await client.result("health")).toEqual({ ok: true })
})
