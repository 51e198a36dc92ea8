/** The house rules, on the real tree and, planted one at a time, on violations the checker must catch. */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { violations } from "./check.ts"
import { readSource } from "./source.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => readSource(path, readFileSync(join(root, "src", path), "utf8")))

describe("the rooms of src/", () => {
  test("were found", () => expect(sources.length).toBeGreaterThan(20))
  test("keep the house rules", () => expect(violations(sources)).toEqual([]))
})

const doc = "/** What it is for. */\n"
const check = (files: Readonly<Record<string, string>>) =>
  violations(Object.entries(files).map(([path, text]) => readSource(path, doc + text)))

describe("the checker catches", () => {
  const planted: ReadonlyArray<readonly [string, Readonly<Record<string, string>>, RegExp]> = [
    [
      "a capability that imports a door",
      { "sessions/A.ts": 'import { x } from "../doors/UnixSocket.ts"' },
      /may not import values from doors/
    ],
    [
      "a type-only import of a door too",
      { "sessions/A.ts": 'import type { X } from "../doors/UnixSocket.ts"' },
      /may not import doors/
    ],
    [
      "a contract that imports anything",
      { "contract/A.ts": 'export { x } from "../wire/JsonRpc.ts"' },
      /contract may not import/
    ],
    [
      "a client that takes values from the contract",
      { "client/A.ts": 'import { methods } from "../contract/Methods.ts"' },
      /client may not import values/
    ],
    [
      "a command that opens the database",
      { "cli/A.ts": 'await import("../store/Sqlite.ts")' },
      /cli may not import values from store/
    ],
    ["FFI outside host", { "sessions/A.ts": 'const k = require("koffi")' }, /only host\/ may/],
    [
      "node-pty's inner files outside host",
      { "daemon/A.ts": 'require.resolve("node-pty/lib/utils.js")' },
      /only host\/ may/
    ],
    [
      "a database opened outside store",
      { "audit/A.ts": 'import { DatabaseSync } from "node:sqlite"' },
      /only store\/ may/
    ],
    [
      "the SQLite driver outside its file",
      { "store/A.ts": 'import * as S from "@effect/sql-sqlite-node/SqliteClient"' },
      /only store\/Sqlite.ts may/
    ],
    [
      "the Effect runtime in the client",
      { "client/A.ts": 'import { Effect } from "effect"' },
      /loads the Effect runtime/
    ],
    [
      "the Effect runtime behind a file that the client imports",
      { "client/A.ts": 'import { x } from "../wire/B.ts"', "wire/B.ts": 'import { Schema } from "effect"' },
      /client\/A.ts → wire\/B.ts → effect/
    ],
    [
      "capabilities in a circle",
      {
        "audit/A.ts": 'import "../review/B.ts"',
        "review/B.ts": 'import type { C } from "../notify/C.ts"',
        "notify/C.ts": 'import "../audit/A.ts"'
      },
      /circle: audit → review → notify → audit/
    ],
    [
      "folders of a room in a circle",
      {
        "sessions/life/A.ts": 'import "../state/B.ts"',
        "sessions/state/B.ts": 'import type { C } from "../running/C.ts"',
        "sessions/running/C.ts": 'import "../life/A.ts"'
      },
      /circle: sessions\/life → sessions\/state → sessions\/running → sessions\/life/
    ],
    ["the clock", { "sessions/A.ts": "const now = Date.now()" }, /uses Date.now/],
    ["the clock in its other clothes", { "sessions/A.ts": "const now = new Date()" }, /uses new Date\(\)/],
    ["the environment", { "daemon/A.ts": "const { HOME } = process.env" }, /uses process.env/],
    ["a raw promise", { "store/A.ts": "new Promise(() => {})" }, /uses new Promise/],
    ["an async function", { "store/A.ts": "const f = async () => 1" }, /uses async function/]
  ]
  test.each(planted)("%s", (_, files, expected) => expect(check(files).join("\n")).toMatch(expected))

  test("a file that does not say what it is for", () =>
    expect(violations([readSource("store/A.ts", "// later\nexport {}")])).toEqual([
      "store/A.ts does not open with a doc comment that says what it is for"
    ]))
  test("nothing where nothing is wrong", () =>
    expect(
      check({
        "client/A.ts":
          'import type { Session } from "../contract/Session.ts"\nimport { MAX_SIZE } from "../contract/Limits.ts"',
        "sessions/A.ts": "const read = Effect.tryPromise({ try: async () => 1, catch: String })",
        "sessions/B.ts": 'import { Effect } from "effect"\n// process.env, Date.now\nconst text = "new Promise"',
        "host/C.ts": 'const koffi = require("koffi"); const home = process.env.HOME'
      })
    ).toEqual([]))
})

describe("the tree", () => {
  const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean)
  const texts = tracked
    .filter((path) => !/(^package-lock\.json|^LICENSE|\.(svg|cast|png|gif|woff2?))$/.test(path))
    .flatMap((path) => {
      const text = ((): string => {
        try {
          return readFileSync(join(root, path), "utf8")
        } catch {
          // Deleted and not yet committed, or a link to a directory.
          return ""
        }
      })()
      return text.split("\n").map((line, index) => ({ place: `${path}:${index + 1}`, line }))
    })
  const where = (pattern: RegExp) => texts.filter(({ line }) => pattern.test(line)).map(({ place }) => place)

  // Spelt in pieces, so that this file is not its own first finding.
  test("holds no note to do something later", () =>
    expect(where(new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X"].join("|")})\\b`))).toEqual([]))
  test("holds no path of the machine it was written on", () =>
    expect(where(new RegExp(`(^|[\\s"'\`(=:])/(${["wor" + "k", "roo" + "t", "tmp/stud" + "io"].join("|")})/`))).toEqual(
      []
    ))
})
