import fc from "fast-check"
import { expect, test } from "vitest"
import { MAX_BATCH } from "../../src/contract/Limits.ts"
import { batch, failure, type Incoming, methodNotFound, parse, success } from "../../src/wire/JsonRpc.ts"

const single = (value: unknown): Incoming => {
  const message = parse(JSON.stringify(value))
  if (message.kind !== "single") throw new Error("a batch")
  return message.item
}

const request = { jsonrpc: "2.0", method: "health" }

test.each([
  ["a string", "x"],
  ["an empty string", ""],
  ["zero", 0],
  ["a fraction", -1.5],
  ["null", null]
])("%s is an id, and comes back as it was", (_, id) => {
  expect(single({ ...request, id })).toEqual({ kind: "request", id, method: "health", params: undefined })
  expect(JSON.parse(success(id, true))).toEqual({ jsonrpc: "2.0", id, result: true })
})

test.each([
  ["a boolean", true],
  ["an array", [1]],
  ["an object", {}]
])("%s is no id: refused, with id null", (_, id) => {
  expect(single({ ...request, id })).toMatchObject({ kind: "invalid", id: null, error: { code: -32600 } })
})

test.each(["1e999", "-1e999", "12345678901234567890"])("%s is no id: it would not come back as it was", (id) => {
  expect(parse(`{"jsonrpc":"2.0","method":"health","id":${id}}`)).toMatchObject({
    item: { kind: "invalid", id: null, error: { code: -32600 } }
  })
})

test("without an id it is a notification", () => {
  expect(single(request)).toEqual({ kind: "notification", method: "health", params: undefined })
})

test.each([
  ["no version", { method: "health", id: 7 }],
  ["another version", { ...request, jsonrpc: "1.0", id: 7 }],
  ["the version as a number", { ...request, jsonrpc: 2, id: 7 }],
  ["no method", { jsonrpc: "2.0", id: 7 }],
  ["a method that is no string", { ...request, method: null, id: 7 }],
  ["params that are a string", { ...request, params: "x", id: 7 }],
  ["params that are null", { ...request, params: null, id: 7 }]
])("%s: refused with the id that could be read", (_, value) => {
  expect(single(value)).toMatchObject({ kind: "invalid", id: 7, error: { code: -32600 } })
})

test("a batch over the limit is refused whole", () => {
  expect(parse(JSON.stringify(new Array(MAX_BATCH).fill(request)))).toMatchObject({ kind: "batch" })
  expect(parse(JSON.stringify(new Array(MAX_BATCH + 1).fill(request)))).toMatchObject({
    kind: "single",
    item: { kind: "invalid", error: { code: -32600 } }
  })
})

test("whatever the line is, it means something", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.jsonValue().map((value) => JSON.stringify([value]))
      ),
      (line) => {
        const message = parse(line)
        for (const item of message.kind === "single" ? [message.item] : message.items) {
          expect(["request", "notification", "invalid"]).toContain(item.kind)
        }
      }
    )
  )
})

test("an answer is one line of JSON, whatever is in it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.jsonValue(), (text, value) => {
      for (const answer of [success(text, value), failure(text, methodNotFound(text))]) {
        expect(answer).not.toContain("\n")
        expect(JSON.parse(batch([answer, answer])!)).toHaveLength(2)
        expect(JSON.parse(answer).id).toBe(text)
      }
    })
  )
  expect(batch([])).toBeNull()
})
