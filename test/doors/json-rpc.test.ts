/** The examples of section 7 of https://www.jsonrpc.org/specification, put to the daemon itself in its own words. */
import { afterAll, beforeAll, expect, test } from "vitest"
import type { RawClient } from "../support/RawClient.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"

let sandbox: Sandbox
let client: RawClient

beforeAll(async () => {
  sandbox = makeSandbox()
  client = await (await sandbox.start()).connect()
})
afterAll(() => sandbox[Symbol.asyncDispose]())

const ok = (id: unknown, echo?: string) => ({
  jsonrpc: "2.0",
  id,
  result: echo === undefined ? { ok: true } : { ok: true, echo }
})
const error = (code: number, id: unknown = null) =>
  expect.objectContaining({ jsonrpc: "2.0", id, error: expect.objectContaining({ code }) })

/** A null answer: nothing at all is sent. */
test.each<[what: string, text: string, answer: unknown]>([
  ["positional parameters", '{"jsonrpc": "2.0", "method": "health", "params": ["a"], "id": 1}', ok(1, "a")],
  ["named parameters", '{"jsonrpc": "2.0", "method": "health", "params": {"echo": "a"}, "id": 3}', ok(3, "a")],
  ["no parameters", '{"jsonrpc": "2.0", "method": "health", "id": null}', ok(null)],
  ["a notification", '{"jsonrpc": "2.0", "method": "health", "params": ["a"]}', null],
  ["a notification for no method", '{"jsonrpc": "2.0", "method": "foobar"}', null],
  ["a notification with wrong parameters", '{"jsonrpc": "2.0", "method": "health", "params": [1]}', null],
  ["a non-existent method", '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', error(-32601, "1")],
  ["invalid JSON", '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', error(-32700)],
  ["an invalid request object", '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', error(-32600)],
  ["a batch of invalid JSON", '[ {"jsonrpc": "2.0", "method": "health"}, {"jsonrpc": "2.0", "method" ]', error(-32700)],
  ["an empty array", "[]", error(-32600)],
  ["an invalid batch of one", "[1]", [error(-32600)]],
  ["an invalid batch", "[1,2,3]", [error(-32600), error(-32600), error(-32600)]],
  [
    "a batch of everything",
    `[{"jsonrpc": "2.0", "method": "health", "params": ["a"], "id": "1"},
      {"jsonrpc": "2.0", "method": "health", "params": ["b"]},
      {"jsonrpc": "2.0", "method": "daemon.reload", "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "health", "id": "9"}]`,
    [
      ok("1", "a"),
      { jsonrpc: "2.0", id: "2", result: { changed: [], restart: [] } },
      error(-32600),
      error(-32601, "5"),
      ok("9")
    ]
  ],
  ["a batch of notifications", '[{"jsonrpc": "2.0", "method": "health"}, {"jsonrpc": "2.0", "method": "foobar"}]', null]
])("%s", async (_, text, answer) => {
  client.write(`${text.replaceAll("\n", "")}\n`)
  if (answer !== null) expect(await client.answer()).toEqual(answer)
  // The next line answers the next request: nothing else was said.
  expect(await client.result("health", { echo: "next" })).toEqual({ ok: true, echo: "next" })
})

test("lines may end as other systems end them, and blank ones are harmless", async () => {
  client.write('\n\r\n{"jsonrpc":"2.0","method":"health","id":1}\r\n')
  expect(await client.answer()).toEqual(ok(1))
})

test("requests may come in any pieces", async () => {
  for (const byte of Buffer.from('{"jsonrpc":"2.0","method":"health","id":1}\n{"jsonrpc":"2.0",'))
    client.write(Buffer.of(byte))
  expect(await client.answer()).toEqual(ok(1))
  client.write('"method":"health","id":2}\n')
  expect(await client.answer()).toEqual(ok(2))
})
