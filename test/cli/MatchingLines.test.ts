import fc from "fast-check"
import { expect, it } from "vitest"
import { MatchingLines } from "../../src/cli/output/MatchingLines.ts"

it("lines that match are found whole, however the text is cut", () => {
  const line = fc.constantFrom("an error", "fine", "", "error: two", "warn")
  fc.assert(
    fc.property(fc.array(line), fc.boolean(), fc.array(fc.nat(60), { maxLength: 4 }), (lines, ended, cuts) => {
      const text = lines.join("\n") + (ended && lines.length > 0 ? "\n" : "")
      const matching = new MatchingLines(/error/u)
      const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length]
      const found = at.slice(1).map((to, n) => matching.push(text.slice(at[n], to), n === at.length - 2))
      expect(found.join("")).toBe(
        lines
          .filter((one) => one.includes("error"))
          .map((one) => `${one}\n`)
          .join("")
      )
    })
  )
})
