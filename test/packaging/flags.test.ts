/** The daemon of a package runs as the one of a clone does. */
import { readFileSync } from "node:fs"
import { expect, test } from "vitest"

const flags = (script: string): ReadonlyArray<string> => {
  const text = readFileSync(new URL(`../../${script}`, import.meta.url), "utf8").replace(/^\s*(#|echo ).*$/gm, "")
  return [...text.matchAll(/--(?!version)[a-z][\w=-]+/gi)].map(([flag]) => flag).sort()
}

test("Node is given the same flags by both", () => {
  expect(flags("packaging/linux/agentd")).toEqual(flags("bin/agentd"))
  expect(flags("bin/agentd").length).toBeGreaterThan(3)
})
