/** The page for people who come from thrum names only requests that there are; test/docs/commands.test.ts looks at its commands. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { settings } from "../../src/contract/config/Config.ts"
import { methods } from "../../src/contract/Methods.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const page = readFileSync(join(root, "docs/coming-from-thrum.md"), "utf8")
const code = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, inside]) => inside!)

it("whose requests and keys exist", () => {
  const rows = page
    .split("## Requests")[1]!
    .split("\n")
    .filter((line) => line.startsWith("| "))
  const known = new Set<string>([...Object.keys(methods), ...settings.keys()])
  // The second column is ours.
  const named = rows
    .flatMap((row) => code(row.split(" | ")[1] ?? ""))
    .filter((inside) => /^[a-z]+\.[a-zA-Z_]+$/.test(inside))
  expect(named.length).toBeGreaterThan(30)
  for (const name of named) expect(known, name).toContain(name)
})

it("whose tests against faults are there, one at least for each", () => {
  const rows = page
    .split("## Faults")[1]!
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(2)
  expect(rows).toHaveLength(15)
  for (const row of rows) {
    const named = code(row.split(" | ").at(-1)!).filter((inside) => inside.startsWith("test/"))
    expect(named, row).not.toEqual([])
    for (const path of named) expect(existsSync(join(root, path)), path).toBe(true)
  }
})
