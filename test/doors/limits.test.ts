/** What one client may ask for at once, and what the next one notices of it: nothing. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import { MAX_BATCH, MAX_CONNECTIONS, MAX_IN_FLIGHT, MAX_LINE_BYTES } from "../../src/contract/Limits.ts"
import type { Daemon } from "../support/Daemon.ts"
import type { Answer, RawClient } from "../support/RawClient.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { startCat, stopNow } from "../support/sessions.ts"

let sandbox: Sandbox
let daemon: Daemon
let client: RawClient

beforeAll(async () => {
  sandbox = makeSandbox()
  daemon = await sandbox.start()
})
afterAll(() => sandbox[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await daemon.connect()
})
afterEach(() => sandbox.disconnect())

const health = (id: number) => ({ jsonrpc: "2.0", id, method: "health" })
const wait = (id: number, session: string) => ({
  jsonrpc: "2.0",
  id,
  method: "session.wait",
  params: { session, for: "exit" }
})

test("a line of 2 MiB is too large, and the connection lives on", async () => {
  client.send({ ...health(1), params: { echo: "x".repeat(2 * MAX_LINE_BYTES) } })
  client.send(health(2))
  expect(await client.answer()).toMatchObject({
    id: null,
    error: { code: -32011, data: { tag: "TooLarge", limit: MAX_LINE_BYTES } }
  })
  expect(await client.answer()).toEqual({ jsonrpc: "2.0", id: 2, result: { ok: true } })
})

test("a line of exactly the limit is taken", async () => {
  const empty = JSON.stringify({ ...health(1), params: { echo: "" } })
  const echo = "x".repeat(MAX_LINE_BYTES - empty.length)
  client.send({ ...health(1), params: { echo } })
  expect((await client.answer()).result.echo).toHaveLength(echo.length)
})

test("the 65th request in flight is refused as Busy, and what is no request is still told so", async () => {
  const other = await daemon.connect()
  const session = await startCat(other)
  for (let id = 1; id <= MAX_IN_FLIGHT; id++) client.send(wait(id, session.id))
  client.send(health(65))
  client.write("not JSON\n")
  expect(await client.answer()).toMatchObject({ id: 65, error: { code: -32000, data: { tag: "Busy", limit: 64 } } })
  expect(await client.answer()).toMatchObject({ id: null, error: { code: -32700 } })
  // Another connection has its own.
  expect(await other.result("health")).toEqual({ ok: true })
  await stopNow(other, session)
  const ids = new Set<unknown>()
  for (let id = 1; id <= MAX_IN_FLIGHT; id++) ids.add((await client.answer()).id)
  expect(ids.size).toBe(MAX_IN_FLIGHT)
  expect(await client.result("health")).toEqual({ ok: true })
})

test("a request that is not UTF-8 is refused, and nothing of it is done", async () => {
  const request = Buffer.from(`${JSON.stringify({ ...health(1), params: { echo: "?" } })}\n`)
  request[request.indexOf("?")] = 0xff
  client.write(request)
  expect(await client.answer()).toMatchObject({
    id: null,
    error: { code: -32700, message: expect.stringContaining("UTF-8") }
  })
  expect(await client.result("health")).toEqual({ ok: true })
})

test("a batch larger than the limit is refused whole", async () => {
  client.send(Array.from({ length: MAX_BATCH + 1 }, (_, id) => health(id)))
  expect(await client.answer()).toMatchObject({ id: null, error: { code: -32600 } })
  client.send(Array.from({ length: MAX_BATCH }, (_, id) => health(id)))
  expect(await client.answer()).toHaveLength(MAX_BATCH)
})

test("the 257th connection is told Busy and closed; a place that becomes free is given away", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  const open: Array<RawClient> = []
  while (open.length < MAX_CONNECTIONS) open.push(await daemon.connect())
  // All of them are there, not just queued by the kernel.
  expect((await open.at(-1)!.result("daemon.status")).connections).toBe(MAX_CONNECTIONS)
  const refused = await daemon.connect()
  expect(await refused.answer()).toMatchObject({ id: null, error: { data: { tag: "Busy", limit: MAX_CONNECTIONS } } })
  await refused.ended
  // It keeps its own side open: the daemon lets go of it all the same, and what it writes is refused.
  const closed = new Promise((resolve) => refused.socket.on("close", resolve))
  const write = () => {
    if (refused.socket.destroyed) return
    refused.write("still here?\n")
    setImmediate(write)
  }
  write()
  await closed
  open.pop()!.destroy()
  const freed = async (): Promise<Answer> => {
    const next = await daemon.connect()
    const answer = await next.call("health").catch((): Answer => ({ jsonrpc: "2.0" }))
    next.destroy()
    return answer.result === undefined ? freed() : answer
  }
  expect((await freed()).result).toEqual({ ok: true })
})

test("a half-closed client still gets the answers to all it asked", async () => {
  const other = await daemon.connect()
  const session = await startCat(other)
  client.send(wait(1, session.id))
  client.send(health(2))
  client.endWriting()
  expect(await client.answer()).toMatchObject({ id: 2 })
  await stopNow(other, session)
  expect(await client.answer()).toMatchObject({ id: 1, result: { session: { id: session.id } } })
  expect(await client.line()).toBeNull()
})

test("a client that is gone is gone, whatever it was waiting for", async () => {
  const other = await daemon.connect()
  const session = await startCat(other)
  const connections = async () => (await other.result("daemon.status")).connections
  client.send(wait(1, session.id))
  client.send(health(2))
  expect(await client.answer()).toMatchObject({ id: 2 })
  const before = await connections()
  client.destroy()
  await expect.poll(connections, { timeout: 20_000 }).toBe(before - 1)
  await stopNow(other, session)
})

test("clients that say nothing, or half a line, keep nobody waiting", async () => {
  const silent = await Promise.all(Array.from({ length: 20 }, () => daemon.connect()))
  silent[0]!.write('{"jsonrpc":"2.0","id":1,"method":"hea')
  expect(await client.result("health")).toEqual({ ok: true })
  silent[0]!.write('lth"}\n')
  expect(await silent[0]!.answer()).toMatchObject({ id: 1, result: { ok: true } })
  for (const each of silent) each.destroy()
})

test("a client that does not read its answers costs a bounded amount of memory, and loses none", async () => {
  const size = JSON.stringify(await client.result("rpc.discover")).length
  const count = Math.ceil((256 * 1024 * 1024) / size)
  const other = await daemon.connect()
  const before = (await other.result("daemon.status")).memory
  client.socket.pause()
  for (let id = 0; id < count; id++) client.send({ jsonrpc: "2.0", id, method: "rpc.discover" })
  // The other one is served meanwhile; three turns are enough to read and answer all of it, if it would.
  for (let turn = 0; turn < 3; turn++) await other.result("health")
  expect((await other.result("daemon.status")).memory - before).toBeLessThan(96 * 1024 * 1024)
  client.socket.resume()
  for (let id = 0; id < count; id++) expect((await client.answer()).id).toBe(id)
}, 60_000)
