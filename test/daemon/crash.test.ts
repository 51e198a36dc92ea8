/** A daemon that ends without warning leaves things behind; the next one starts cleanly on top of them, without anybody's help. */
import { once } from "node:events"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { Session } from "../../src/contract/session/Session.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { startCat, startShell } from "../support/sessions.ts"

const pidIn = (sandbox: Sandbox) => JSON.parse(readFileSync(sandbox.pidFile, "utf8")).pid

/** Output is written with a bounded delay; what a killed daemon had not written yet is not what these tests are about. */
const recorded = (directory: string) =>
  expect
    .poll(
      () =>
        existsSync(directory) &&
        readdirSync(directory).some((name) => name.endsWith(".raw") && statSync(join(directory, name)).size > 0),
      { timeout: 10_000 }
    )
    .toBe(true)

test("after kill -9 its sessions are listed as interrupted, with what they printed", async () => {
  await using sandbox = makeSandbox()
  const first = await sandbox.start()
  const client = await first.connect()
  const session: Session = await startShell(client, "echo before the end; exec sleep 1000", {
    name: "lost-one",
    tags: ["t"]
  })
  const done: Session = await startShell(client, "echo done; exit 4")
  await client.result("session.wait", { session: session.id, for: "output", pattern: "the end" })
  // Written to disk, not only to memory.
  await recorded(join(sandbox.transcripts, session.id))
  await client.result("session.wait", { session: done.id, for: "exit" })
  await first.kill()

  const second = await sandbox.start()
  const next = await second.connect()
  expect(pidIn(sandbox)).toBe(second.pid)
  const { sessions } = await next.result("session.list", { all: true })
  expect(sessions).toMatchObject([
    {
      id: session.id,
      name: "lost-one",
      tags: ["t"],
      status: "interrupted",
      exit: { code: null, signal: null, by: "lost", took: null }
    },
    { id: done.id, status: "exited", exit: { code: 4, by: "program" } }
  ])
  const { data } = await next.result("session.output", { session: session.id, format: "text" })
  expect(data).toContain("before the end")
  expect(statSync((await next.result("session.get", { session: session.id })).transcript)).toBeTruthy()
  expect(second.log.find(({ level }) => level === "warn")?.message).toContain("lost-one")
  // Its name is free again, and it can be started again.
  expect((await next.result("session.resume", { session: session.id })).resumedFrom).toBe(session.id)
})

test("killed again and again it comes up each time, and the log stays without a hole", async () => {
  await using sandbox = makeSandbox()
  for (let turn = 0; turn < 4; turn++) {
    const daemon = await sandbox.start()
    const client = await daemon.connect()
    await startCat(client, { name: "again" })
    await daemon.kill()
  }
  const client = await (await sandbox.start()).connect()
  const { events, last } = await client.result("event.list")
  expect(events.map(({ seq }: { seq: number }) => seq)).toEqual(Array.from({ length: last }, (_, at) => at + 1))
  const { sessions } = await client.result("session.list", { all: true })
  expect(sessions.map(({ status }: Session) => status)).toEqual([
    "interrupted",
    "interrupted",
    "interrupted",
    "interrupted"
  ])
})

test("a socket that nobody listens on is replaced", async () => {
  await using sandbox = makeSandbox()
  mkdirSync(sandbox.runtime, { mode: 0o700 })
  // A listener removes its file as it closes, unless the file has another name by then.
  const server = createServer().listen(join(sandbox.root, "listener"))
  await once(server, "listening")
  renameSync(join(sandbox.root, "listener"), sandbox.socket)
  await new Promise((resolve) => server.close(resolve))
  expect(statSync(sandbox.socket).isSocket()).toBe(true)
  const client = await (await sandbox.start()).connect()
  expect(await client.result("health")).toEqual({ ok: true })
})

test.each([
  ["of a process that is gone", () => JSON.stringify({ pid: 2 ** 22 - 1, socket: "/nowhere" })],
  ["of a process that is somebody else by now", () => JSON.stringify({ pid: process.pid })],
  ["cut off in the middle", () => '{"pid":12'],
  ["empty", () => ""],
  ["that is no object", () => "null"]
])("a pid file %s is overwritten, and that process left alone", async (_, content) => {
  await using sandbox = makeSandbox()
  mkdirSync(sandbox.runtime, { mode: 0o700 })
  mkdirSync(sandbox.state, { mode: 0o700 })
  writeFileSync(sandbox.pidFile, content(), { mode: 0o600 })
  writeFileSync(`${sandbox.pidFile}.new`, content(), { mode: 0o600 })
  writeFileSync(join(sandbox.state, "agentd.lock"), `${process.pid}\n`, { mode: 0o600 })
  const daemon = await sandbox.start()
  expect(pidIn(sandbox)).toBe(daemon.pid)
  expect((await daemon.stop()).code).toBe(0)
  expect(readdirSync(sandbox.runtime)).toEqual([])
})

test("transcripts that are torn, empty, foreign or no transcripts at all do not keep it from starting", async () => {
  await using sandbox = makeSandbox()
  const first = await sandbox.start()
  const client = await first.connect()
  const sessions: Array<Session> = []
  for (const word of ["whole", "cut", "gone"]) {
    const session: Session = await startShell(client, `echo ${word}; exec sleep 1000`)
    await client.result("session.wait", { session: session.id, for: "output", pattern: word })
    sessions.push(session)
  }
  const [whole, cut, gone] = sessions.map(({ id }) => join(sandbox.transcripts, id)) as [string, string, string]
  for (const directory of [whole, cut, gone]) await recorded(directory)
  await first.kill()
  expect(readdirSync(whole).length).toBeGreaterThan(0)
  for (const name of readdirSync(cut)) truncateSync(join(cut, name), Math.floor(statSync(join(cut, name)).size / 2))
  for (const name of readdirSync(gone)) truncateSync(join(gone, name), 0)
  mkdirSync(join(sandbox.transcripts, "ses_01JC0000000000000000000000"))
  mkdirSync(join(sandbox.transcripts, "lost+found"))
  writeFileSync(join(sandbox.transcripts, "note.txt"), "mine")
  mkdirSync(join(sandbox.transcripts, "ses_01JC0000000000000000000001"))
  writeFileSync(join(sandbox.transcripts, "ses_01JC0000000000000000000001", "header.json"), "{")

  const next = await (await sandbox.start()).connect()
  const listed = (await next.result("session.list", { all: true })).sessions
  expect(listed.map(({ status }: Session) => status)).toEqual(["interrupted", "interrupted", "interrupted"])
  const read = async ({ id }: Session) =>
    (await next.call("session.output", { session: id, format: "text" })).result?.data
  expect(await read(sessions[0]!)).toContain("whole")
  // What is no transcript of ours is nobody's to delete.
  expect(readFileSync(join(sandbox.transcripts, "note.txt"), "utf8")).toBe("mine")
  expect(readdirSync(sandbox.transcripts)).toContain("lost+found")
})

test("what was recorded after the copy of the database that was put back is kept", async () => {
  await using sandbox = makeSandbox()
  await (await sandbox.start()).stop()
  const older = readFileSync(sandbox.database)
  const client = await (await sandbox.start()).connect()
  const session: Session = await startShell(client, "echo precious")
  await client.result("session.wait", { session: session.id, for: "exit" })
  await client.result("daemon.shutdown", { reason: "to put an older copy back" })
  await client.ended
  await sandbox.stopped()
  writeFileSync(sandbox.database, older)
  const daemon = await sandbox.start()
  expect((await (await daemon.connect()).result("session.list", { all: true })).sessions).toEqual([])
  expect(readdirSync(sandbox.transcripts)).toEqual([`${session.id}.cast.zst`])
  expect(daemon.log).toContainEqual(
    expect.objectContaining({ level: "warn", message: expect.stringContaining(session.id) })
  )
})

test("a killed daemon's programs lose their terminal, and with it what they were started for", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  const client = await daemon.connect()
  const session: Session = await startCat(client)
  await daemon.kill()
  // The kernel hangs the terminal up (SIGHUP): cat ends by itself.
  while (sandbox.processes().some(({ pid }) => pid === session.pid)) await new Promise(setImmediate)
})
