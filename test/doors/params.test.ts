/** Wrong parameters are refused before anything is done, and the refusal says which field and why. */
import { afterAll, beforeAll, expect, test } from "vitest"
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

const program = { argv: ["true"] }
const any = { session: "any" }

test.each<[method: string, params: unknown, field: string, reason: RegExp]>([
  ["hello", { protocol: 1 }, "protocol", /object/],
  ["hello", { protocol: { min: 1 } }, "protocol.max", /Missing/],
  ["hello", { protocol: { min: 1, max: 1.5 } }, "protocol.max", /integer/],
  ["hello", { protocol: { min: 1, max: 2, best: 2 } }, "protocol.best", /no excess/],
  ["hello", { client: { name: "x" } }, "client.version", /Missing/],
  ["hello", { features: ["a", 1] }, "features.1", /string/],
  ["health", { ecco: "x" }, "ecco", /no such parameter; this method takes "echo"/],
  ["health", { echo: 1 }, "echo", /string/],
  ["health", ["x", "y"], "[1]", /no such parameter/],
  ["rpc.discover", { format: "yaml" }, "format", /takes no parameters/],
  ["daemon.status", ["x"], "[0]", /takes no parameters/],
  ["daemon.reload", { force: true }, "force", /takes no parameters/],
  ["daemon.shutdown", {}, "reason", /Missing/],
  ["daemon.shutdown", { reason: "x".repeat(257) }, "reason", /256/],
  ["daemon.shutdown", { reason: "x", ifIdle: "yes" }, "ifIdle", /boolean/],
  ["daemon.doctor", { deep: true }, "deep", /takes no parameters/],
  ["config.show", { key: "x" }, "key", /takes no parameters/],
  ["session.start", {}, "argv", /Missing/],
  ["session.start", { argv: [] }, "argv", /at least 1/],
  ["session.start", { argv: "true" }, "argv", /array/],
  ["session.start", { argv: ["sh", 1] }, "argv.1", /string/],
  ["session.start", { argv: ["a\0b"] }, "argv.0", /NUL/],
  ["session.start", { ...program, name: "Über" }, "name", /a-z, 0-9/],
  ["session.start", { ...program, name: "a\u001b[31m" }, "name", /a-z, 0-9/],
  ["session.start", { ...program, name: "a\nb" }, "name", /a-z, 0-9/],
  ["session.start", { ...program, name: "-x" }, "name", /beginning with/],
  ["session.start", { ...program, name: "x".repeat(65) }, "name", /1 to 64/],
  ["session.start", { ...program, name: "" }, "name", /1 to 64/],
  ["session.start", { ...program, cwd: "/\0" }, "cwd", /NUL/],
  ["session.start", { ...program, env: { A: 1 } }, "env.A", /string/],
  ["session.start", { ...program, env: { A: "x\0" } }, "env.A", /NUL/],
  ["session.start", { ...program, env: { "A=B": "x" } }, "env.A=B", /name has no =/],
  ["session.start", { ...program, env: [] }, "env", /object/],
  ["session.start", { ...program, cols: "80" }, "cols", /number/],
  ["session.start", { ...program, rows: 1.5 }, "rows", /integer/],
  ["session.start", { ...program, tags: ["fine", "not fine"] }, "tags.1", /letters, digits/],
  ["session.start", { ...program, tags: new Array(33).fill("t") }, "tags", /32/],
  ["session.start", { ...program, ttlMs: 0 }, "ttlMs", /greater than 0/],
  ["session.start", { ...program, stdin: "file" }, "stdin", /"terminal" \| "pipe"/],
  ["session.start", [["true"], "Not A Name"], "name", /a-z, 0-9/],
  ["session.list", { status: "sleeping" }, "status", /"running"/],
  ["session.list", { tag: "\u0007" }, "tag", /letters, digits/],
  ["session.list", { all: 1 }, "all", /boolean/],
  ["session.get", {}, "session", /Missing/],
  ["session.get", { session: "../etc" }, "session", /a session id/],
  ["session.get", { session: "" }, "session", /a session id/],
  ["session.stop", { ...any, graceMs: -1 }, "graceMs", /between 0/],
  ["session.stop", { ...any, graceMs: 1e12 }, "graceMs", /86400000/],
  ["session.remove", { ...any, force: null }, "force", /boolean/],
  ["session.rename", any, "name", /Missing/],
  ["session.rename", { ...any, name: "no way" }, "name", /a-z, 0-9/],
  ["session.tag", { ...any, add: "x" }, "add", /array/],
  ["session.tag", { ...any, remove: [""] }, "remove.0", /letters, digits/],
  ["session.resize", { ...any, cols: 80 }, "rows", /Missing/],
  ["session.resize", { ...any, cols: 80, rows: "many" }, "rows", /number/],
  ["session.input", { ...any, base64: "?" }, "base64", /base64/],
  ["session.input", any, "", /one of "text", "base64" and "keys" is needed/],
  ["session.input", { ...any, text: "a", base64: "YQ==" }, "", /one of "text", "base64" and "keys" is needed/],
  ["session.output", { ...any, from: "end" }, "from", /number/],
  ["session.output", { ...any, limit: 0 }, "limit", /between 1/],
  ["session.output", { ...any, format: "html" }, "format", /"cast"/],
  ["session.output", { ...any, waitMs: -1 }, "waitMs", /between 0/],
  ["session.screen", { ...any, format: "png" }, "format", /"ansi"/],
  ["session.screen", { ...any, scrollback: 10_001 }, "scrollback", /10000/],
  ["session.wait", any, "for", /Missing/],
  ["session.wait", { ...any, for: "luck" }, "for", /"exit" \| "idle" \| "output"/],
  ["session.wait", { ...any, for: "output", pattern: "" }, "pattern", /at least 1/],
  ["session.wait", { ...any, for: "output", pattern: "x".repeat(513) }, "pattern", /512/],
  ["session.wait", { ...any, for: "exit", timeoutMs: 1e9 }, "timeoutMs", /86400000/],
  ["session.attach", { ...any, mode: "own" }, "mode", /"write" \| "view"/],
  ["session.attach", { ...any, from: "middle" }, "from", /"screen"/],
  ["session.attach", { ...any, from: -1 }, "from", /0/],
  ["session.attach", { ...any, lossy: "never" }, "lossy", /"bytes"/],
  ["session.detach", { ...any, client: 1 }, "client", /string/],
  ["session.resume", { ...any, name: "No" }, "name", /a-z, 0-9/],
  ["session.resume", { ...any, argv: ["true"] }, "argv", /no such parameter/],
  ["session.import", {}, "path", /Missing/],
  ["session.import", { path: "/\0" }, "path", /NUL/],
  ["event.list", { after: -1 }, "after", /0/],
  ["event.list", { limit: 1_001 }, "limit", /1000/],
  ["event.list", { session: "any" }, "session", /a session id/],
  ["event.watch", { after: "now" }, "after", /number/],
  ["event.unwatch", {}, "subscription", /Missing/]
])("%s %j: %s", async (method, params, field, reason) => {
  const { error } = await client.call(method, params)
  expect(error).toMatchObject({ code: -32602, data: { tag: "InvalidParams", field } })
  expect(error!.data.reason).toMatch(reason)
  expect(error!.message).toContain(error!.data.reason)
})

test("nothing was done by any of them", async () => {
  const { events } = await client.result("event.list")
  expect(events.map(({ body }: { body: { type: string } }) => body.type)).toEqual(["daemon.started"])
})

test("a method that is not there is told apart from one that is", async () => {
  for (const method of ["session.fly", "Session.List", "rpc.nothing", "", "session.list "]) {
    expect(await client.call(method, {})).toMatchObject({ error: { code: -32601, data: { tag: "MethodNotFound" } } })
  }
})
