/** Every example of section 7 of https://www.jsonrpc.org/specification, in its order, with its own methods. */
import { Effect, Exit, Schema, Scope } from "effect"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { connectTo } from "../support/connection.ts"
import type { Answer, RawClient } from "../support/RawClient.ts"

const integers = (...names: ReadonlyArray<string>) =>
  Schema.Struct(Object.fromEntries(names.map((name) => [name, Schema.Int])))

/** What notifications left behind. */
let noticed: Array<unknown> = []

const contract = {
  subtract: { params: integers("minuend", "subtrahend"), deadlineMs: 1_000 },
  update: { params: integers("a", "b", "c", "d", "e"), deadlineMs: 1_000 },
  sum: { params: integers("a", "b", "c"), deadlineMs: 1_000 },
  notify_hello: { params: integers("n"), deadlineMs: 1_000 },
  notify_sum: { params: integers("a", "b", "c"), deadlineMs: 1_000 },
  get_data: { params: Schema.Struct({}), deadlineMs: 1_000 }
}

const notice = (params: unknown) => Effect.sync(() => void noticed.push(params))
const methods = {
  subtract: ({ minuend, subtrahend }: { minuend: number; subtrahend: number }) => Effect.succeed(minuend - subtrahend),
  // One that takes a turn, so that answers of a batch are ready at different times.
  sum: ({ a, b, c }: { a: number; b: number; c: number }) => Effect.delay(Effect.succeed(a + b + c), 1),
  update: notice,
  notify_hello: notice,
  notify_sum: notice,
  get_data: () => Effect.succeed(["hello", 5])
}

let client: RawClient
const scope = Scope.makeUnsafe()

beforeAll(async () => {
  client = (await Effect.runPromise(Scope.provide(connectTo(contract as never, methods), scope))).client
})
afterAll(() => {
  client.destroy()
  return Effect.runPromise(Scope.close(scope, Exit.void))
})
beforeEach(() => {
  noticed = []
})

/** Sends a text as it is, on one line, and returns what is answered. */
const ask = (text: string): Promise<Answer> => {
  client.write(`${text}\n`)
  return client.answer()
}

/** Asks for something harmless: the answer to it is the next line, so nothing else was answered. */
const nothing = async (text: string) => {
  client.write(`${text}\n`)
  expect(await ask('{"jsonrpc":"2.0","method":"get_data","id":"probe"}')).toEqual(result(["hello", 5], "probe"))
}

const result = (value: unknown, id: unknown) => ({ jsonrpc: "2.0", id, result: value })
const error = (code: number, id: unknown = null) =>
  expect.objectContaining({ jsonrpc: "2.0", id, error: expect.objectContaining({ code }) })

test("positional parameters", async () => {
  expect(await ask('{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}')).toEqual(result(19, 1))
  expect(await ask('{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}')).toEqual(result(-19, 2))
})

test("named parameters, in any order", async () => {
  const one = '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}'
  const other = '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}'
  expect(await ask(one)).toEqual(result(19, 3))
  expect(await ask(other)).toEqual(result(19, 4))
})

test("a notification is done and not answered", async () => {
  await nothing('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}')
  expect(noticed).toEqual([{ a: 1, b: 2, c: 3, d: 4, e: 5 }])
})

test("a notification for no method is not answered either", async () => {
  await nothing('{"jsonrpc": "2.0", "method": "foobar"}')
})

test("a non-existent method", async () => {
  expect(await ask('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}')).toEqual(error(-32601, "1"))
})

test("invalid JSON", async () => {
  expect(await ask('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]')).toEqual(error(-32700))
})

test("an invalid request object", async () => {
  expect(await ask('{"jsonrpc": "2.0", "method": 1, "params": "bar"}')).toEqual(error(-32600))
})

describe("batches", () => {
  test("invalid JSON: one answer, and none of it is done", async () => {
    const text = '[ {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]}, {"jsonrpc": "2.0", "method" ]'
    expect(await ask(text)).toEqual(error(-32700))
    expect(noticed).toEqual([])
  })

  test("an empty array: one answer, not an array", async () => {
    expect(await ask("[]")).toEqual(error(-32600))
  })

  test("an invalid batch of one is answered by an array of one", async () => {
    expect(await ask("[1]")).toEqual([error(-32600)])
  })

  test("each thing in an invalid batch has its answer", async () => {
    expect(await ask("[1,2,3]")).toEqual([error(-32600), error(-32600), error(-32600)])
  })

  test("requests, notifications and nonsense together", async () => {
    const batch = [
      '{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}',
      '{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}',
      '{"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"}',
      '{"foo": "boo"}',
      '{"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"}',
      '{"jsonrpc": "2.0", "method": "get_data", "id": "9"}'
    ]
    expect(await ask(`[${batch.join(",")}]`)).toEqual([
      result(7, "1"),
      result(19, "2"),
      error(-32600),
      error(-32601, "5"),
      result(["hello", 5], "9")
    ])
    expect(noticed).toEqual([{ n: 7 }])
  })

  test("notifications alone are answered by nothing at all", async () => {
    const batch = [
      '{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]}',
      '{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}'
    ]
    await nothing(`[${batch.join(",")}]`)
    expect(noticed).toEqual([{ a: 1, b: 2, c: 4 }, { n: 7 }])
  })
})
