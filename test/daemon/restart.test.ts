/** The daemon becomes another version of itself in place: its process, its sessions and its clients go on. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { FrameType, readU64 } from "../../src/contract/Frames.ts"
import type { Daemon } from "../support/Daemon.ts"
import { ackOf, attach, detach, outputUntil, type } from "../support/frames.ts"
import { Package } from "../support/Package.ts"
import type { RawClient } from "../support/RawClient.ts"
import { makeSandbox, type Sandbox, type StartOptions } from "../support/Sandbox.ts"
import { startCat, startShell } from "../support/sessions.ts"

interface Place {
  readonly sandbox: Sandbox
  readonly installed: Package
  readonly daemon: Daemon
  readonly client: RawClient
}

const open = async (options: StartOptions = {}): Promise<Place> => {
  const sandbox = makeSandbox()
  onTestFinished(() => sandbox[Symbol.asyncDispose]())
  const installed = new Package(sandbox)
  const daemon = await sandbox.start({ ...options, program: installed.program })
  return { sandbox, installed, daemon, client: await daemon.connect() }
}

/** Asks for a restart that stays in the window until `letGo`; `restarted` is its answer. */
const openWindow = async ({ client, installed }: Place) => {
  installed.holdWindow()
  const restarted = client.result("daemon.restart")
  await installed.inWindow()
  return {
    restarted,
    close: () => {
      installed.letGo()
      return restarted
    }
  }
}

/** Prints numbered lines until `stop` is in its directory, and then how many. */
const counter = (folder: string, file: string) =>
  `n=0; while [ ! -e ${join(folder, file)} ]; do n=$((n+1)); echo "line $n."; done; echo "end $n."; echo done; read answer`

const numbersIn = (text: string) => [...text.matchAll(/line (\d+)\./g)].map(([, n]) => Number(n))
const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1)

/** Reads frames until this much was printed and acknowledged; the output, from the first byte on. */
const follow = (client: RawClient) => {
  let text = ""
  let acknowledged = 0
  return async (wanted: string, ack: number): Promise<string> => {
    while (!text.includes(wanted) || acknowledged < ack) {
      const frame = await client.frame()
      if (frame === null) throw new Error(`the connection ended after ${JSON.stringify(text)}`)
      if (frame.type === FrameType.Output) text += frame.payload.toString("utf8", 8)
      if (frame.type === FrameType.Ack) acknowledged = readU64(frame.payload)
    }
    return text
  }
}

test("an attached client reads every line once, from the same process in another version", async () => {
  const place = await open()
  const { client, daemon, installed, sandbox } = place
  const session = await startShell(client, counter(sandbox.root, "stop"))
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
  const text = await all
  const last = Number(/end (\d+)\./.exec(text)![1])
  expect(numbersIn(text)).toEqual(upTo(last))
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
