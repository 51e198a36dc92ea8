/** Classes of characters that are spelt out are what Unicode says they are. */
import { expect, it } from "vitest"
import { CONTROL, SEPARATORS, SURROGATES } from "../../src/contract/text/Characters.ts"

it.each([
  ["control characters", CONTROL, /^\p{Cc}$/u],
  ["halves of characters", SURROGATES, /^\p{Cs}$/u],
  ["separators", SEPARATORS, /^\p{Z}$/u]
])("%s", (_, spelt, meant) => {
  const own = new RegExp(`^[${spelt}]$`, "u")
  const differs: Array<number> = []
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code)
    if (own.test(character) !== meant.test(character)) differs.push(code)
  }
  expect(differs).toEqual([])
})
