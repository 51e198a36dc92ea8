/** What happened, for those who ask and those who watch: in order, complete, and resumable. */
import { existsSync } from "node:fs"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import type { Event } from "../../src/contract/Event.ts"
import type { Daemon } from "../support/Daemon.ts"
import type { RawClient } from "../support/RawClient.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { startCat, stopNow } from "../support/sessions.ts"

let sandbox: Sandbox
let daemon: Daemon
/** Makes things happen. */
let client: RawClient
/** Looks on. */
let watcher: RawClient
let session: { readonly id: string }

beforeAll(async () => {
  sandbox = makeSandbox()
  daemon = await sandbox.start()
})
afterAll(() => sandbox[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await daemon.connect()
  watcher = await daemon.connect()
  session = await startCat(client)
  // What is told of it by itself has been told: what follows is the test's.
  await recorded("session.running")
})
afterEach(async () => {
  await stopNow(client, session as never)
  await recorded("session.archived")
  sandbox.disconnect()
})

/** Until the log has an event of this type about the session. */
const recorded = async (type: string) => {
  for (;;) {
    const { events } = await client.result("event.list", { session: session.id })
    if (events.some(({ body }: Event) => body.type === type)) return
  }
}

const tag = (word: string) => client.result("session.tag", { session: session.id, add: [word], remove: [] })
const lastSeq = async (): Promise<number> => (await client.result("daemon.status")).lastSeq

/** The next events of a subscription. */
const next = async (count: number, from = watcher): Promise<ReadonlyArray<Event>> => {
  const events: Array<Event> = []
  while (events.length < count) {
    const { method, params } = await from.answer()
    expect(method).toBe("event")
    events.push(params.event)
  }
  return events
}

const seqs = (events: ReadonlyArray<Event>) => events.map(({ seq }) => seq)
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

test("the log can be read in pages that fit together", async () => {
  for (const word of ["a", "b", "c", "d"]) await tag(word)
  const last = await lastSeq()
  const read: Array<Event> = []
  for (let after = 0; ; ) {
    const page = await client.result("event.list", { after, limit: 2 })
    expect(page.last).toBe(last)
    expect(page.events.length).toBeLessThanOrEqual(2)
    read.push(...page.events)
    if (page.events.length === 0) break
    after = page.next
  }
  expect(seqs(read)).toEqual(range(1, last))
  const own = await client.result("event.list", { session: session.id })
  expect(own.events.map(({ body }: Event) => body.type).slice(0, 2)).toEqual(["session.started", "session.running"])
})

test("a watcher is told of what is new, once, in order, after the answer that names its subscription", async () => {
  const { after, subscription } = await watcher.result("event.watch")
  await tag("one")
  await tag("two")
  const first = await watcher.answer()
  expect(first).toMatchObject({ jsonrpc: "2.0", method: "event", params: { subscription } })
  expect(first).not.toHaveProperty("id")
  expect(first.params.event).toMatchObject({ seq: after + 1, body: { type: "session.tagged", tags: ["one"] } })
  expect(seqs(await next(1))).toEqual([after + 2])
})

test("a watcher that was away goes on where it left off", async () => {
  const before = await lastSeq()
  await tag("missed")
  const { after } = await watcher.result("event.watch", { after: before })
  expect(after).toBe(before)
  await tag("live")
  expect((await next(2)).map(({ body }) => body)).toMatchObject([{ tags: ["missed"] }, { tags: ["missed", "live"] }])
})

test("nothing is missed or repeated between history and live while others write", async () => {
  const writers = await Promise.all(Array.from({ length: 4 }, () => daemon.connect()))
  const write = async (writer: RawClient, name: string) => {
    for (let at = 0; at < 50; at++) {
      await writer.result("session.tag", { session: session.id, add: [`${name}${at}`], remove: [`${name}${at - 1}`] })
    }
  }
  const writing = writers.map((writer, at) => write(writer, `w${at}.`))
  // Watchers that begin at different moments of it.
  const watchers: Array<RawClient> = []
  for (let at = 0; at < 8; at++) {
    const each = await daemon.connect()
    expect((await each.result("event.watch", { after: 0 })).after).toBe(0)
    watchers.push(each)
  }
  await Promise.all(writing)
  const last = await lastSeq()
  for (const each of watchers) expect(seqs(await next(last, each))).toEqual(range(1, last))
})

test("two subscriptions of one connection are told apart", async () => {
  const one = await watcher.result("event.watch")
  const two = await watcher.result("event.watch")
  await tag("both")
  const names = [(await watcher.answer()).params.subscription, (await watcher.answer()).params.subscription]
  expect(new Set(names)).toEqual(new Set([one.subscription, two.subscription]))
})

test("after event.unwatch nothing comes any more", async () => {
  const { subscription } = await watcher.result("event.watch")
  expect(await watcher.result("event.unwatch", { subscription })).toEqual({ stopped: true })
  expect(await watcher.result("event.unwatch", { subscription })).toEqual({ stopped: false })
  await tag("unseen")
  // Had it been told, that would come first.
  expect(await watcher.result("health")).toEqual({ ok: true })
})

test("nobody ends the subscription of another connection", async () => {
  const { subscription } = await watcher.result("event.watch")
  expect(await client.result("event.unwatch", { subscription })).toEqual({ stopped: false })
  await tag("seen")
  expect(await next(1)).toMatchObject([{ body: { type: "session.tagged" } }])
})

test("a watch ends with its connection", async () => {
  await watcher.result("event.watch")
  const { connections } = await client.result("daemon.status")
  watcher.destroy()
  while ((await client.result("daemon.status")).connections >= connections);
  await tag("for-nobody")
  expect(daemon.log.filter(({ level }) => level !== "info")).toEqual([])
})

test("a watcher that does not read costs nobody anything, and is told of the gap when it does", async () => {
  // In memory where there is such a file system: thousands of commits to a disk take their time.
  await using sandbox = makeSandbox(existsSync("/dev/shm") ? "/dev/shm" : undefined)
  const daemon = await sandbox.start()
  const client = await daemon.connect()
  const watcher = await daemon.connect()
  const session = await startCat(client)
  const { after: begin } = await watcher.result("event.watch")
  watcher.socket.pause()
  // More than the socket and a watcher's backlog hold, each event a kilobyte.
  const words = Array.from({ length: 31 }, (_, at) => `${at}.${"x".repeat(50)}`)
  await client.result("session.tag", { session: session.id, add: words, remove: [] })
  const count = 6_000
  let answered = 0
  for (let sent = 0; answered < count; ) {
    while (sent < count && sent - answered < 60) {
      sent += 1
      client.send({
        jsonrpc: "2.0",
        id: sent,
        method: "session.tag",
        params: {
          session: session.id,
          add: [`${sent % 2 === 0 ? "even" : "odd"}`],
          remove: [sent % 2 === 0 ? "odd" : "even"]
        }
      })
    }
    expect((await client.answer()).error).toBeUndefined()
    answered += 1
  }
  const last = (await client.result("daemon.status")).lastSeq
  watcher.socket.resume()
  let seen = begin
  let gaps = 0
  while (seen < last) {
    const { method, params } = await watcher.answer()
    if (method === "event.gap") {
      expect(params.from).toBe(seen + 1)
      seen = params.to
      gaps += 1
    } else {
      expect(params.event.seq).toBe(seen + 1)
      seen += 1
    }
  }
  expect(gaps).toBeGreaterThan(0)
}, 60_000)
