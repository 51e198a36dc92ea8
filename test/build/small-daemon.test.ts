/** What keeps the daemon's program small in memory. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { escapeWide, importEach, shortenNames } from "../../packaging/build/keepSmall.ts"
import { root } from "../../packaging/build/root.ts"

const modules = new Set(["effect/Effect", "effect/Schema", "effect/http/HttpClient"])
const rewritten = (source: string) => importEach(source, (path) => modules.has(path))

describe("an import from an index", () => {
  it("becomes one of each module; what is no module, and types, are left to the index or left out", () => {
    expect(rewritten('import { Effect, pipe, type Scope, Schema } from "effect"')).toBe(
      'import * as Effect from "effect/Effect";import * as Schema from "effect/Schema";import { pipe } from "effect"'
    )
    expect(rewritten('import { HttpClient } from "effect/http"')).toBe(
      'import * as HttpClient from "effect/http/HttpClient"'
    )
    expect(rewritten('import { type Scope } from "effect"')).toBe("")
  })

  it("keeps its lines, and everything else as it is", () => {
    const source = 'import {\n  Effect,\n  Schema\n} from "effect"\nconst text = \'import { Effect } from "effect"\'\n'
    const [first, ...rest] = rewritten(source).split("\n")
    expect(first).toBe('import * as Effect from "effect/Effect";import * as Schema from "effect/Schema"')
    expect(rest).toEqual(["", "", "", ...source.split("\n").slice(4)])
    for (const other of [
      'import type { Effect } from "effect"',
      'import { Effect } from "effects"',
      "import 'effect'"
    ]) {
      expect(rewritten(other)).toBe(other)
    }
  })
})

it("names that packages keep to themselves become short, and those that they export stay", async () => {
  const source = "const hidden = 2\nexport function shown(parameter) { return () => hidden + parameter }\n"
  const short = await shortenNames(source, "/somewhere/package.js")
  expect(short).toMatch(/export function shown\(\w\)/)
  expect(short).not.toMatch(/hidden|parameter/)
  // What it was called is in the source map.
  expect(short).toContain("sourceMappingURL=data:")
})

it("a character beyond Latin-1 becomes an escape that means the same", () => {
  const source = "/^[é❯😀]$/u"
  const escaped = escapeWide(source)
  expect(escaped).toBe(String.raw`/^[é\u276f\ud83d\ude00]$/u`)
  // biome-ignore lint/security/noGlobalEval: of the test's own text.
  const [before, after] = [eval(source), eval(escaped)] as [RegExp, RegExp]
  for (const text of ["é", "❯", "😀", "x", "\ud83d", ""]) expect(after.test(text)).toBe(before.test(text))
})

describe("the daemon's bundle", () => {
  it("holds no character that has V8 keep a whole file at two bytes for each", () => {
    const dist = join(root, "dist")
    const files = ["agentd.js", ...readdirSync(join(dist, "chunks")).map((name) => join("chunks", name))]
    const wide = files
      .filter((name) => name.endsWith(".js"))
      .flatMap((name) => readFileSync(join(dist, name), "utf8").match(/.{0,40}[^\u0000-\u00ff]/g) ?? [])
    expect(wide).toEqual([])
  })
})
