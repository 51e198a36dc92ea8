/** The page for people who come from thrum names only requests that there are; test/docs/commands.test.ts looks at its commands. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { settings } from "../../src/contract/config/Config.ts"
import { methods } from "../../src/contract/Methods.ts"

const file = fileURLToPath(new URL("../../docs/coming-from-thrum.md", import.meta.url))
const page = readFileSync(file, "utf8")
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
