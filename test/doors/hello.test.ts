/** The first words: which protocol both speak, and the description of it. */
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, expect, test } from "vitest"
import { PROTOCOL_MAX, PROTOCOL_MIN } from "../../src/contract/Limits.ts"
import { methods } from "../../src/contract/Methods.ts"
import { openRpcDocument } from "../../src/doors/OpenRpc.ts"
import type { RawClient } from "../support/RawClient.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"

let sandbox: Sandbox
let client: RawClient

beforeAll(async () => {
  sandbox = makeSandbox()
  const daemon = await sandbox.start()
  client = await daemon.connect()
})
afterAll(() => sandbox[Symbol.asyncDispose]())

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))

test.each([
  ["nothing said: the lowest", undefined, PROTOCOL_MIN],
  ["the same range", { min: PROTOCOL_MIN, max: PROTOCOL_MAX }, PROTOCOL_MAX],
  ["a client that knows later ones", { min: PROTOCOL_MIN, max: PROTOCOL_MAX + 7 }, PROTOCOL_MAX],
  ["a client from before the first", { min: PROTOCOL_MIN - 1, max: PROTOCOL_MIN }, PROTOCOL_MIN]
])("the highest protocol both know is agreed on: %s", async (_, protocol, agreed) => {
  const found = await client.result("hello", protocol === undefined ? {} : { protocol })
  expect(found).toMatchObject({ protocol: agreed, server: { name: "agentd", version } })
})

test.each([
  ["only newer ones", { min: PROTOCOL_MAX + 1, max: PROTOCOL_MAX + 2 }],
  ["only older ones", { min: PROTOCOL_MIN - 2, max: PROTOCOL_MIN - 1 }],
  ["a range upside down", { min: PROTOCOL_MAX + 1, max: PROTOCOL_MIN - 1 }]
])("without a common protocol both ranges are named: %s", async (_, protocol) => {
  const { error } = await client.call("hello", { protocol })
  expect(error).toMatchObject({
    code: -32016,
    data: { tag: "ProtocolVersion", min: PROTOCOL_MIN, max: PROTOCOL_MAX, asked: `${protocol.min} to ${protocol.max}` }
  })
  expect(error!.message).toMatch(/Upgrade the older/)
  expect(await client.result("health")).toEqual({ ok: true })
})

test("of the features asked for, those the daemon has are granted", async () => {
  const { features } = await client.result("hello", { features: ["time.travel", "event.watch"] })
  expect(features).toEqual(["event.watch"])
  expect((await client.result("hello")).features).toEqual([])
})

test("the peer is who the kernel says", async () => {
  const { peer } = await client.result("hello")
  expect(peer).toEqual({ uid: process.getuid!(), pid: process.pid, session: null })
})

test("no greeting is needed: nc is a client", async () => {
  expect(await (await sandbox.connect()).result("health", { echo: "ä\u0000😀" })).toEqual({
    ok: true,
    echo: "ä\u0000😀"
  })
})

test("rpc.discover is the contract's own OpenRPC document, with every method the daemon answers", async () => {
  const document = await client.result("rpc.discover")
  expect(document).toEqual(JSON.parse(JSON.stringify(openRpcDocument(version))))
  expect(document.methods.map(({ name }: { name: string }) => name)).toEqual(Object.keys(methods))
})

test("every method of the contract has a handler", async () => {
  for (const method of Object.keys(methods)) {
    const { error } = await client.call(method, { "no such field": 1 })
    expect(error, method).toMatchObject({ code: -32602, data: { tag: "InvalidParams", field: "no such field" } })
  }
})
