import fc from "fast-check"
import { parse, stringify } from "smol-toml"
import { describe, expect, it } from "vitest"
import { lineOf, locateKeys } from "../../src/config/Locate.ts"

const lines = (toml: string) => Object.fromEntries(locateKeys(toml).map(({ line, path }) => [path.join("|"), line]))

describe("finding the line of a key", () => {
  it("follows table headers, dotted keys, quoted keys and inline tables", () => {
    const toml = [
      'top = 1 # = "not.a.key"',
      "",
      "[daemon] # comment",
      '  idle_exit = "1s"',
      'session . "odd \\u0041 key" = true',
      "[ transcript . 'in ner' ]",
      "keep_for = { value = 30, unit = 'd', deep = { x = 1 } }",
      "[[jobs]]",
      "name = 'a'"
    ].join("\r\n")
    expect(parse(toml)).toBeDefined()
    expect(lines(toml)).toEqual({
      top: 1,
      daemon: 3,
      "daemon|idle_exit": 4,
      "daemon|session|odd A key": 5,
      "transcript|in ner": 6,
      "transcript|in ner|keep_for": 7,
      "transcript|in ner|keep_for|value": 7,
      "transcript|in ner|keep_for|unit": 7,
      "transcript|in ner|keep_for|deep": 7,
      "transcript|in ner|keep_for|deep|x": 7,
      jobs: 8,
      "jobs|name": 9
    })
  })

  it("is not deceived by what stands in strings, arrays and comments", () => {
    const toml = [
      'a = """',
      "[fake]",
      'key = "x" \\"""',
      'more ""quotes"" """""',
      "b = '''",
      "fake = 1",
      "'''",
      "c = [",
      '  "x = 1", # [fake]',
      "  [1, 2], { d = 1 },",
      "]",
      "e = 1"
    ].join("\n")
    expect(parse(toml)).toBeDefined()
    expect(lines(toml)).toEqual({ a: 1, b: 5, c: 8, "c|d": 10, e: 12 })
  })

  it("falls back to the nearest enclosing key, and to nothing", () => {
    const located = locateKeys("\n[lock]\nkeys = [1]\n")
    expect(lineOf(located, ["lock", "keys", "0"])).toBe(3)
    expect(lineOf(located, ["lock", "other"])).toBe(2)
    expect(lineOf(located, ["daemon", "drain"])).toBe(null)
  })

  const scalar = fc.oneof(
    fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom("[x]", "a = 1", '"""', "'''", "#", "\n[y]\n", "\\", '\\"')
  )
  const key = fc
    .oneof(fc.stringMatching(/^[a-z_-]{1,6}$/), fc.string({ maxLength: 6 }))
    .filter((k) => k !== "__proto__")
  const { table } = fc.letrec<{ table: Record<string, unknown>; value: unknown }>((tie) => ({
    table: fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      scalar,
      fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), { maxLength: 3 }),
      tie("table")
    )
  }))

  const pathsOf = (value: unknown, path: ReadonlyArray<string> = []): Array<ReadonlyArray<string>> =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([name, inner]) => [[...path, name], ...pathsOf(inner, [...path, name])])
      : []

  it("finds every key of any document, on a line that holds its name", () => {
    fc.assert(
      fc.property(table, (document) => {
        const toml = stringify(document)
        const text = toml.split("\n")
        const located = locateKeys(toml)
        for (const path of pathsOf(parse(toml))) {
          const line = lineOf(located, path)!
          expect(line).not.toBe(null)
          const exact = located.find((each) => each.path.join("\0") === path.join("\0"))
          const name = path.at(-1)!
          if (exact !== undefined && /^[a-z_-]+$/.test(name)) expect(text[exact.line - 1]).toContain(name)
        }
      }),
      { numRuns: 500 }
    )
  })

  it("finds nothing that is not a key", () => {
    fc.assert(
      fc.property(table, (document) => {
        const toml = stringify(document)
        const paths = new Set(pathsOf(parse(toml)).map((path) => path.join("\0")))
        for (const { path } of locateKeys(toml)) expect(paths).toContain(path.join("\0"))
      }),
      { numRuns: 300 }
    )
  })

  it("ends on any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."[]{}=.,\"'#\n\\ a1"), maxLength: 200 }), (text) => {
        locateKeys(text)
      }),
      { numRuns: 2000 }
    )
  })

  it("takes a value of the largest size a file may have", () => {
    const toml = `a = """${"x \\\\ '\" ".repeat(100_000)}"""\nb = 1\n`
    expect(lines(toml)).toEqual({ a: 1, b: 2 })
  })
})
