/** Whatever is sent to the daemon, the next valid request on the same connection is answered. */
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { methods } from "../../src/contract/Methods.ts"
import { parse } from "../../src/wire/JsonRpc.ts"
import type { Daemon } from "../support/Daemon.ts"
import type { RawClient } from "../support/RawClient.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { cut, lengths } from "../wire/pieces.ts"

let sandbox: Sandbox
let daemon: Daemon
let client: RawClient
let probes = 0

beforeAll(async () => {
  sandbox = makeSandbox()
  daemon = await sandbox.start()
  client = await daemon.connect()
})
afterAll(() => sandbox[Symbol.asyncDispose]())

/** Everything that is answered before the answer to a probe, which comes last. */
const answersTo = async (bytes: Buffer, sizes: ReadonlyArray<number> = [bytes.length || 1]) => {
  for (const chunk of cut(bytes, sizes)) client.write(chunk)
  probes += 1
  const id = `probe ${probes}`
  client.write(`\n${JSON.stringify({ jsonrpc: "2.0", id, method: "health" })}\n`)
  const answers: Array<unknown> = []
  for (;;) {
    const answer = await client.answer()
    if (answer.id === id) return answers
    answers.push(answer)
  }
}

const runs = { numRuns: 200 }

test("random bytes are answered line by line", () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), lengths, async (bytes, sizes) => {
      const lines = Buffer.from(bytes)
        .toString("latin1")
        .split("\n")
        .filter((line) => line !== "" && line !== "\r")
      expect(await answersTo(Buffer.from(bytes), sizes)).toHaveLength(lines.length)
    }),
    runs
  ))

test("random JSON is answered, unless it is a notification", () =>
  fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const text = JSON.stringify(value)
      const message = parse(text)
      const items = message.kind === "single" ? [message.item] : message.items
      const silent = items.every(({ kind }) => kind === "notification")
      expect(await answersTo(Buffer.from(text))).toHaveLength(silent ? 0 : 1)
    }),
    runs
  ))

/** Those that would end the daemon, the connection's protocol or the test's patience, or put events between the answers. */
const leftOut = [
  "daemon.shutdown",
  "session.start",
  "session.resume",
  "session.attach",
  "session.import",
  "event.watch"
]
const harmless = Object.keys(methods).filter((name) => !leftOut.includes(name))

test("any method with any parameters is answered with a result or one of the contract's errors", () =>
  fc.assert(
    fc.asyncProperty(fc.constantFrom(...harmless), fc.jsonValue(), fc.string(), async (method, value, session) => {
      const named = { session, ...(typeof value === "object" && value !== null && !Array.isArray(value) ? value : {}) }
      const { error } = await client.call(method, Array.isArray(value) ? value : named)
      if (error !== undefined) {
        expect(error.code).not.toBe(-32603)
        expect(error.data.tag).toMatch(/^[A-Z]/)
      }
    }),
    runs
  ))

test("JSON nested deeper than any stack is answered too", async () => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000)
  expect(await answersTo(Buffer.from(deep))).toMatchObject([[{ id: null, error: { code: -32600 } }]])
  const request = `{"jsonrpc":"2.0","id":1,"method":"health","params":{"echo":${deep}}}`
  expect(await answersTo(Buffer.from(request))).toMatchObject([{ id: 1, error: { code: -32602 } }])
})

test("a name with a meaning in JavaScript is a name like any other", async () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty"]
  for (const name of names) {
    expect(await client.call(name)).toMatchObject({ error: { code: -32601 } })
    const request = `{"jsonrpc":"2.0","id":1,"method":"health","params":{"${name}":1}}`
    expect(await answersTo(Buffer.from(request))).toMatchObject([
      { id: 1, error: { code: -32602, data: { field: name } } }
    ])
  }
})

test("a wrong value is not repeated at length, nor at all in the log", async () => {
  const secret = `hunter2-${"x".repeat(100_000)}`
  const { error } = await client.call("session.list", { status: secret })
  expect(error!.data.field).toBe("status")
  expect(JSON.stringify(error).length).toBeLessThan(2_000)
  expect(daemon.stderr).not.toContain("hunter2")
})

test("the daemon has noticed nothing of all that", () => {
  expect(daemon.log.filter(({ level }) => level === "error" || level === "fatal")).toEqual([])
})
