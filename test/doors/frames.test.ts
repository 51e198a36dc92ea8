/** A connection turns into frames and back, and what happens to whoever breaks the rules in between. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { FRAME_HEADER_BYTES, FrameType } from "../../src/contract/Frames.ts"
import { MAX_FRAME_BYTES } from "../../src/contract/Limits.ts"
import type { Session } from "../../src/contract/session/Session.ts"
import { encodeFrame } from "../../src/wire/FrameCodec.ts"
import type { Daemon } from "../support/Daemon.ts"
import { ackOf, attach, detach, failure, outputUntil, type } from "../support/frames.ts"
import type { RawClient } from "../support/RawClient.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { startCat, startShell, stopNow } from "../support/sessions.ts"

let sandbox: Sandbox
let daemon: Daemon
let client: RawClient
/** Another one, that looks on. */
let other: RawClient
let session: Session

beforeAll(async () => {
  sandbox = makeSandbox()
  daemon = await sandbox.start()
})
afterAll(() => sandbox[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await daemon.connect()
  other = await daemon.connect()
  session = await startCat(other)
})
afterEach(async () => {
  await stopNow(other, session)
  sandbox.disconnect()
})

const raw = (type: number, length: number) => {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES)
  bytes[0] = type
  bytes.writeUInt32BE(length, 1)
  return bytes
}
const request = (id: number, method: string, params: object = {}) => ({ jsonrpc: "2.0", id, method, params })
const clientsOf = async () => (await other.result("session.get", { session: session.id })).clients.length

describe("detaching", () => {
  test("by the client: answered, and the connection speaks JSON-RPC again", async () => {
    await attach(client, session.id)
    type(client, 1, "hello\n")
    expect(await outputUntil(client, "hello")).toContain("hello")
    await detach(client)
    expect(await client.result("health", { echo: "lines" })).toEqual({ ok: true, echo: "lines" })
    expect(await clientsOf()).toBe(0)
  })

  test("by the daemon, on somebody's request: lines begin once the client has answered", async () => {
    await attach(client, session.id)
    expect(await other.result("session.detach", { session: session.id })).toEqual({ detached: 1 })
    expect((await client.frame(FrameType.Detach))!.payload.length).toBeGreaterThan(0)
    // What was on its way when it was detached is dropped, not taken for lines.
    type(client, 1, "too late\n")
    client.sendFrame(FrameType.Detach)
    expect(await client.result("health")).toEqual({ ok: true })
    expect((await other.result("session.output", { session: session.id, format: "text" })).data).toBe("")
  })

  test("after which it may attach again", async () => {
    for (const word of ["one", "two"]) {
      await attach(client, session.id, { from: "end" })
      type(client, 1, `${word}\n`)
      await outputUntil(client, word)
      await detach(client)
    }
  })

  test("a request in the same write as the client's Detach is answered", async () => {
    await attach(client, session.id)
    client.write(
      Buffer.concat([encodeFrame(FrameType.Detach), Buffer.from(`${JSON.stringify(request(9, "health"))}\n`)])
    )
    await client.frame(FrameType.Detach)
    expect(await client.answer()).toMatchObject({ id: 9, result: { ok: true } })
  })

  test("by closing the connection: the session goes on without it", async () => {
    await attach(client, session.id)
    expect(await clientsOf()).toBe(1)
    client.destroy()
    await client.ended
    while ((await clientsOf()) > 0);
    expect((await other.result("session.get", { session: session.id })).status).toBe("running")
  })
})

describe("attaching", () => {
  test("frames sent before the answer came are frames", async () => {
    client.write(
      Buffer.concat([
        Buffer.from(`${JSON.stringify(request(1, "session.attach", { session: session.id, from: "start" }))}\n`),
        encodeFrame(FrameType.Input, Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), Buffer.from("early\n"))
      ])
    )
    expect(await client.answer()).toMatchObject({ id: 1, result: { session: { id: session.id } } })
    await outputUntil(client, "early")
  })

  test("in vain leaves a connection that speaks JSON-RPC, also to what was sent meanwhile", async () => {
    client.send(request(1, "session.attach", { session: "nobody" }))
    client.send(request(2, "health"))
    expect(await client.answer()).toMatchObject({ id: 1, error: { data: { tag: "SessionNotFound" } } })
    expect(await client.answer()).toMatchObject({ id: 2, result: { ok: true } })
  })

  test("in a batch is refused, and the rest of the batch is done", async () => {
    client.send([request(1, "session.attach", { session: session.id }), request(2, "health")])
    expect(await client.answer()).toMatchObject([
      { id: 1, error: { code: -32600 } },
      { id: 2, result: { ok: true } }
    ])
    expect(await clientsOf()).toBe(0)
  })

  test("without an id is not done: nobody could be told", async () => {
    client.send({ jsonrpc: "2.0", method: "session.attach", params: { session: session.id } })
    expect(await client.result("health")).toEqual({ ok: true })
    expect(await clientsOf()).toBe(0)
  })

  test("while another request is unanswered is refused: its answer would have no place", async () => {
    client.send(request(1, "session.wait", { session: session.id, for: "exit" }))
    client.send(request(2, "session.attach", { session: session.id }))
    expect(await client.answer()).toMatchObject({ id: 2, error: { data: { tag: "Conflict" } } })
    await stopNow(other, session)
    expect(await client.answer()).toMatchObject({ id: 1, result: { match: null } })
  })

  test("to a session that has ended is refused, unless its end is what is wanted", async () => {
    const over = await startShell(other, "printf last; exit 3")
    await other.result("session.wait", { session: over.id, for: "exit" })
    expect(await client.call("session.attach", { session: over.id })).toMatchObject({
      error: { data: { tag: "SessionEnded" } }
    })
    await attach(client, over.id, { ended: true })
    expect(await outputUntil(client, "last")).toBe("last")
    expect(JSON.parse((await client.frame(FrameType.Exit))!.payload.toString())).toMatchObject({ code: 3 })
    await detach(client)
    expect(await client.result("health")).toEqual({ ok: true })
  })
})

describe("in frames", () => {
  test("a ping is answered with its own payload, at most 64 bytes of it", async () => {
    await attach(client, session.id)
    client.sendFrame(FrameType.Ping, Buffer.from("are you there"))
    expect((await client.frame(FrameType.Pong))!.payload.toString()).toBe("are you there")
    client.sendFrame(FrameType.Ping, Buffer.alloc(1000, 7))
    expect((await client.frame(FrameType.Pong))!.payload).toEqual(Buffer.alloc(64, 7))
  })

  test("an unknown type that may be ignored is ignored", async () => {
    await attach(client, session.id)
    client.write(Buffer.concat([raw(0xf0, 3), Buffer.from("new")]))
    type(client, 1, "x\n")
    expect(await ackOf(client)).toBe(1)
  })

  test.each([
    ["an unknown type that may not be ignored", raw(0x7f, 0), /unknown frame type 0x7f/],
    ["a frame over the limit", raw(FrameType.Input, MAX_FRAME_BYTES + 1), /1048577 bytes/],
    ["input without its number", encodeFrame(FrameType.Input, Buffer.from("abc")), /too short/],
    ["a size that is none", encodeFrame(FrameType.Resize, Buffer.from("abc")), /a size has 4 bytes/],
    ["JSON-RPC", Buffer.from('{"jsonrpc":"2.0","id":1,"method":"health"}\n'), /unknown frame type 0x7b/]
  ])("%s ends the connection with an error, and nobody else notices", async (_, bytes, reason) => {
    await attach(client, session.id)
    client.write(bytes)
    expect((await failure(client)).message).toMatch(reason)
    expect(await client.frame()).toBeNull()
    while ((await clientsOf()) > 0);
    expect((await other.result("session.get", { session: session.id })).status).toBe("running")
  })

  test("a client that breaks the rules and stays does not keep its place", async () => {
    const before = (await other.result("daemon.status")).connections
    await attach(client, session.id)
    client.write(raw(0x7f, 0))
    await client.ended
    while ((await other.result("daemon.status")).connections >= before);
  })

  test("a client that pings without reading is not read either", async () => {
    await attach(client, session.id)
    const before = (await other.result("daemon.status")).memory
    client.socket.pause()
    const pings = Buffer.concat(Array.from({ length: 16_384 }, () => encodeFrame(FrameType.Ping, Buffer.alloc(64))))
    // 64 MiB of pongs, if it were: written until the daemon no longer takes them.
    for (let sent = 0; sent < 64; sent++) client.write(pings)
    for (let turn = 0; turn < 100; turn++) await other.result("health")
    expect((await other.result("daemon.status")).memory - before).toBeLessThan(48 * 1024 * 1024)
  })

  test("a closed writing side is an end of the attachment", async () => {
    await attach(client, session.id)
    client.endWriting()
    expect(await client.frame(FrameType.Exit)).toBeNull()
    while ((await clientsOf()) > 0);
  })
})
