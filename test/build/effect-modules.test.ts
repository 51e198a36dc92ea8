/** What the bundler makes of an import from one of Effect's indexes. */
import { describe, expect, it } from "vitest"
import { importEach } from "../../packaging/build/effectModules.ts"

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
