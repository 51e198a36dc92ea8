/** The daemon becomes another version of itself in place: its process, its sessions and its clients go on. */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { FrameType, size, u64 } from "../../src/contract/Frames.ts"
import { ackOf, attach, detach, outputUntil, type } from "../support/frames.ts"
import { complete, counter, follow, open, openWindow } from "../support/restart.ts"
import { startCat, startShell } from "../support/sessions.ts"

/** What cksum(1) prints. */
const cksum = (bytes: Buffer) => execFileSync("cksum", { input: bytes, encoding: "utf8" }).trim().split(" ")

const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1)

test("an attached client reads every line once, from the same process in another version", async () => {
  const place = await open()
  const { client, daemon, installed, sandbox } = place
  const session = await startShell(client, counter(join(sandbox.root, "stop")))
  const watcher = await daemon.connect()
  await attach(watcher, session.id, { lossy: "bytes" })
  const all = outputUntil(watcher, "done")
  installed.install("1.1.0")
  expect(await client.result("daemon.restart")).toEqual({ pid: daemon.pid, version: "1.1.0", previous: "1.0.0" })
  // The connection that asked goes on as well.
  expect(await client.result("daemon.status")).toMatchObject({
    pid: daemon.pid,
    version: "1.1.0",
    sessions: { live: 1 }
  })
  writeFileSync(join(sandbox.root, "stop"), "")
  expect(complete(await all)).toBeGreaterThan(0)
  expect((await client.result("session.get", { session: session.id })).clients).toHaveLength(1)
  type(watcher, 1, "\n")
  expect(await ackOf(watcher)).toBe(1)
  await client.result("session.wait", { session: session.id, for: "exit" })
  const { events } = await client.result("event.list")
  expect(events.map(({ body }: { body: { type: string } }) => body.type)).toContain("session.adopted")
})

test("in the window: what ends, prints, is typed and asked is there afterwards, once", async () => {
  const place = await open()
  const { client, daemon, sandbox } = place
  const ending = await startShell(client, `while [ ! -e ${sandbox.root}/end ]; do sleep 0.01; done; echo gone; exit 37`)
  const killed = await startShell(client, `echo $$; read word`)
  const cat = await startCat(client)
  const typist = await daemon.connect()
  await attach(typist, cat.id)
  const echoed = follow(typist)
  type(typist, 1, "before\n")
  await echoed("before\r\nbefore\r\n", 1)
  const waiter = await daemon.connect()
  waiter.send({ jsonrpc: "2.0", id: "w", method: "session.wait", params: { session: ending.id, for: "exit" } })
  const half = await daemon.connect()
  half.write('{"jsonrpc":"2.0","id":7,"method":"heal')
  const watcher = await daemon.connect()
  const { after } = await watcher.result("event.watch")

  const window = await openWindow(place)
  writeFileSync(join(sandbox.root, "end"), "")
  process.kill(killed.pid!, "SIGKILL")
  while (!/^State:\s+Z/m.test(readFileSync(`/proc/${ending.pid}/status`, "utf8"))) await new Promise(setImmediate)
  type(typist, 2, "within\n")
  half.write('th"}\n')
  const late = sandbox.connect().then((newcomer) => newcomer.result("health", { echo: "late" }))
  await window.close()

  await echoed("within\r\nwithin\r\n", 2)
  // The number of what came before: acknowledged again, not typed again.
  type(typist, 2, "within\n")
  type(typist, 3, "after\n")
  expect(await echoed("after\r\nafter\r\n", 3)).toBe(
    ["before", "before", "within", "within", "after", "after"].map((word) => `${word}\r\n`).join("")
  )
  expect(await half.answer()).toMatchObject({ id: 7, result: { ok: true } })
  expect(await late).toEqual({ ok: true, echo: "late" })
  expect(await waiter.answer()).toMatchObject({ id: "w", result: { session: { exit: { code: 37, by: "program" } } } })
  expect((await client.result("session.output", { session: ending.id, format: "text" })).data).toContain("gone")
  await client.result("session.wait", { session: killed.id, for: "exit" })
  expect((await client.result("session.get", { session: killed.id })).exit).toMatchObject({ signal: "SIGKILL" })
  // Events: the next after the last it was told, none twice.
  const seen: Array<number> = []
  while (seen.length < 4) seen.push((await watcher.answer()).params.event.seq)
  expect(seen).toEqual(upTo(4).map((n) => after + n))
  await detach(typist)
  expect(await typist.result("health")).toEqual({ ok: true })
})

test("what a client has not read yet arrives whole, and so does what it had half written", async () => {
  const place = await open()
  const { client, daemon } = place
  const lines = 20_000
  const session = await startShell(
    client,
    `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "line $i."; done; echo "end $i."`
  )
  await client.result("session.wait", { session: session.id, for: "exit" })
  const slow = await daemon.connect()
  slow.socket.pause()
  slow.send({
    jsonrpc: "2.0",
    id: 1,
    method: "session.attach",
    params: { session: session.id, from: "start", lossy: "bytes", ended: true }
  })
  const asker = await daemon.connect()
  asker.socket.pause()
  // More than the kernel's buffers hold: answers are left in the daemon.
  for (let id = 1; id <= 40; id++) asker.send({ jsonrpc: "2.0", id, method: "rpc.discover" })
  const cat = await startCat(client, { argv: ["/bin/sh", "-c", "stty raw -echo; exec cat"] })
  const typist = await daemon.connect()
  await attach(typist, cat.id)
  const frame = Buffer.concat([Buffer.from([FrameType.Input, 0, 0, 0, 13]), u64(1), Buffer.from("half.")])
  typist.write(frame.subarray(0, 9))
  const window = await openWindow(place)
  typist.write(frame.subarray(9))
  await window.close()

  slow.socket.resume()
  await slow.answer()
  expect(complete(await follow(slow)("end "))).toBe(lines)
  const exit = await slow.frame(FrameType.Exit)
  expect(JSON.parse(exit!.payload.toString("utf8"))).toMatchObject({ code: 0 })
  asker.socket.resume()
  for (let id = 1; id <= 40; id++) expect(await asker.answer()).toMatchObject({ id, result: { openrpc: "1.3.2" } })
  expect(await follow(typist)("half.", 1)).toBe("half.")
})

test("input that the program has not taken is typed once, and its client is told", async () => {
  const place = await open()
  const { client, daemon, sandbox } = place
  const go = join(sandbox.root, "read")
  // A raw terminal holds some kilobytes: what is more waits in the daemon.
  const session = await startShell(
    client,
    `stty raw -echo; echo ready; while [ ! -e ${go} ]; do sleep 0.02; done; head -c 60000 | cksum`
  )
  const typist = await daemon.connect()
  await attach(typist, session.id, { token: "0123456789abcdef01234567" })
  const echoed = follow(typist)
  await echoed("ready")
  const bytes = Buffer.from(Array.from({ length: 6_000 }, (_, n) => `${String(n).padStart(9, "0")}\n`).join(""))
  for (let at = 0; at < 6; at++) {
    typist.sendFrame(FrameType.Input, u64(at + 1), bytes.subarray(at * 10_000, (at + 1) * 10_000))
  }
  // Until the daemon has all of it: it answers frames in order.
  typist.sendFrame(FrameType.Ping, Buffer.from("all"))
  await typist.frame(FrameType.Pong)
  const piped = await startShell(client, `while [ ! -e ${go} ]; do sleep 0.02; done; cksum`, { stdin: "pipe" })
  const feeder = await daemon.connect()
  await attach(feeder, piped.id)
  const large = Buffer.concat([bytes, bytes])
  feeder.sendFrame(FrameType.Input, u64(1), large)
  feeder.sendFrame(FrameType.Eof)
  feeder.sendFrame(FrameType.Ping, Buffer.from("all"))
  await feeder.frame(FrameType.Pong)

  const window = await openWindow(place)
  await window.close()
  writeFileSync(go, "")
  const sum = (text: string) => /(\d+) (\d+)/.exec(text)!.slice(1)
  expect(sum(await echoed("60000", 6))).toEqual(cksum(bytes))
  expect(sum(await follow(feeder)("120000", 1))).toEqual(cksum(large))
})

test("a stop that is under way goes on, and tells those who wait for it", async () => {
  const place = await open()
  const { client, daemon } = place
  const deaf = await startShell(client, `trap 'echo heard' TERM HUP; echo ready; while :; do sleep 0.05; done`)
  await client.result("session.wait", { session: deaf.id, for: "output", pattern: "ready" })
  const stopper = await daemon.connect()
  stopper.send({ jsonrpc: "2.0", id: 1, method: "session.stop", params: { session: deaf.id, graceMs: 4_000 } })
  await client.result("session.wait", { session: deaf.id, for: "output", pattern: "heard" })
  const timed = await startShell(client, "exec sleep 1000", { ttlMs: 3_000 })
  const window = await openWindow(place)
  await window.close()
  expect(await stopper.answer()).toMatchObject({
    id: 1,
    result: { exit: { by: "stop", signal: "SIGKILL", took: "kill" } }
  })
  const { data } = await client.result("session.output", { session: deaf.id, format: "text" })
  // Told once, whichever of the two signals came first.
  expect(data.match(/heard/g).length).toBeLessThanOrEqual(2)
  const ended = await client.result("session.wait", { session: timed.id, for: "exit" })
  expect(ended.session.exit).toMatchObject({ by: "ttl" })
})

test("a batch that waits is answered whole", async () => {
  const place = await open()
  const { client, daemon, sandbox } = place
  const session = await startShell(client, `while [ ! -e ${sandbox.root}/end ]; do sleep 0.02; done; exit 5`)
  const asker = await daemon.connect()
  asker.send([
    { jsonrpc: "2.0", id: "first", method: "health", params: { echo: "before" } },
    { jsonrpc: "2.0", id: "second", method: "session.wait", params: { session: session.id, for: "exit" } }
  ])
  const window = await openWindow(place)
  await window.close()
  writeFileSync(join(sandbox.root, "end"), "")
  const answers = (await asker.answer()) as unknown as ReadonlyArray<object>
  expect(answers).toMatchObject([
    { id: "first", result: { echo: "before" } },
    { id: "second", result: { session: { exit: { code: 5 } } } }
  ])
})

test("a session's variables and size follow its clients as if nothing had been", async () => {
  const { client, daemon } = await open()
  const env = { PATH: "/usr/bin:/bin", TERM: "xterm", DISPLAY: ":0" }
  const script = `while read line; do . "$AGENTD_ENVIRONMENT"; echo "<$DISPLAY $line>"; done`
  const session = await startShell(client, script, { env })
  const [first, second] = [await daemon.connect(), await daemon.connect()]
  await attach(first, session.id, { env: { TERM: "xterm", DISPLAY: ":1" } })
  await attach(second, session.id, { env: { TERM: "xterm", DISPLAY: ":2" }, cols: 70, rows: 20 })
  // Whose size counts was said once, too.
  const third = await daemon.connect()
  await attach(third, session.id, { cols: 90, rows: 30, size: "smallest" })
  await client.result("daemon.restart")
  third.sendFrame(FrameType.Resize, size(100, 40))
  await client.result("session.wait", { session: session.id, for: "idle", idleMs: 50 })
  expect(await client.result("session.get", { session: session.id })).toMatchObject({ cols: 70, rows: 20 })
  await detach(third)
  const echoed = follow(first)
  type(first, 1, "both\n")
  await echoed("<:2 both>", 1)
  await detach(second)
  type(first, 2, "one\n")
  await echoed("<:1 one>", 2)
})

test("SIGUSR2 asks for it too, and one that clients have started goes on leaving when it is unused", async () => {
  const { client, daemon, installed, sandbox } = await open({
    args: ["--ephemeral"],
    config: '[daemon]\nidle_exit = "1s"\n'
  })
  installed.install("1.2.0")
  const restarted = daemon.written(/becoming[\s\S]* listens on /)
  daemon.signal("SIGUSR2")
  await restarted
  expect(await client.result("daemon.status")).toMatchObject({ pid: daemon.pid, version: "1.2.0", ephemeral: true })
  expect(JSON.parse(readFileSync(sandbox.pidFile, "utf8"))).toMatchObject({ pid: daemon.pid, version: "1.2.0" })
  client.destroy()
  expect((await daemon.exited).code).toBe(0)
})

test("what a hook has said of a session's state still stands, with its time and its question", async () => {
  const { client, installed } = await open()
  const said = { state: "needs-permission", question: "Bash: make" }
  const hook = `
    const socket = require("node:net").connect(process.env.AGENTD_SOCKET)
    socket.write(${JSON.stringify(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "session.report", params: said })}\n`)})
    socket.once("data", () => socket.destroy())
    setInterval(() => {}, 60_000)`
  const session = await client.result("session.start", { argv: [process.execPath, "-e", hook], cwd: "/" })
  await client.result("session.wait", { session: session.id, for: "state", states: ["needs-permission"] })
  const before = (await client.result("session.get", { session: session.id })).state
  expect(before).toMatchObject({ source: "hook", question: "Bash: make" })
  installed.install("1.1.0")
  expect(await client.result("daemon.restart")).toMatchObject({ version: "1.1.0" })
  expect((await client.result("session.get", { session: session.id })).state).toEqual(before)
})
