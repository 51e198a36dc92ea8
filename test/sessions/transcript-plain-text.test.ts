import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { PlainText, plainText } from "../../src/sessions/transcript/PlainText.ts"

const text = (input: string) => plainText(Buffer.from(input))

describe("plain text of terminal output", () => {
  it("drops colours, cursor movements, titles and the like, and keeps the words", () => {
    expect(text("\x1b[1;31mred\x1b[0m and \x1b[38;2;1;2;3mtrue\x1b[m")).toBe("red and true")
    expect(text("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b")).toBe("alinkb")
    expect(text("\x1bP1$r0m\x1b\\c\x1b_apc\x1b\\d\x1b^pm\x1b\\e\x1bXsos\x1b\\f")).toBe("cdef")
    expect(text("\x1b(B\x1b=\x1b>\x1b7g\x1b8\x1b#8h\x1bMi")).toBe("ghi")
    expect(text("\x1b[?2004h\x1b[>4;2m\x1b[=1;1uj\x1b[!p")).toBe("j")
    expect(text("\u009b31mk\u009d0;t\u009cl\u0085")).toBe("kl")
  })

  it("keeps newlines and tabs, turns CR LF into LF and drops other controls", () => {
    expect(text("one\r\ntwo\r\r\n\tthree\x07\b\x00\x7f\n")).toBe("one\ntwo\n\tthree\n")
  })

  it("carries on after a sequence that is broken off", () => {
    expect(text("\x1b[31\x18a\x1b]title\x1ab\x1b[3\x1b[1mc")).toBe("abc")
    expect(text("\x1b[3\n1md\x1bée")).toBe("\ndée")
    expect(text("\x1bP no bell \x07 ends this\x1b\\f")).toBe("f")
  })

  it("is the same however the bytes are cut", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary", maxLength: 5 }),
      fc.constantFrom("\x1b[", "\x1b]", "\x07", "\x1b\\", "\x1bP", "31;1m", "漢", "👍", "\u009b", "\r\n", "\x1b(", "B")
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(60), { maxLength: 8 }), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(""))
        const stripper = new PlainText()
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
        const cut = at.slice(1).map((to, i) => stripper.push(bytes.subarray(at[i], to)))
        expect(cut.join("") + stripper.end()).toBe(plainText(bytes))
        expect(plainText(bytes)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
      }),
      { numRuns: 1000 }
    )
  })

  it("gives a title without an end up after a megabyte instead of hiding all that follows", () => {
    const stripper = new PlainText()
    expect(stripper.push(Buffer.from("\x1b]0;"))).toBe("")
    let shown = ""
    for (let i = 0; i < 20; i++) shown += stripper.push(Buffer.alloc(100_000, "x"))
    expect(shown.length).toBe(2_000_000 - 1024 * 1024 + 2)
  })
})
