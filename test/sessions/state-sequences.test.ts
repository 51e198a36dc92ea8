/** What programs tell their terminals about themselves, found in output that is cut anywhere and may be hostile. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { typedIn } from "../../src/sessions/input/Typed.ts"
import { meaningOf } from "../../src/sessions/state/Meaning.ts"
import { BELL, Sequences } from "../../src/sessions/state/Sequences.ts"

const found = (...pieces: ReadonlyArray<string | Uint8Array>) => {
  const sequences = new Sequences()
  return pieces.flatMap((piece) => sequences.push(Buffer.from(piece)))
}
const said = (text: string) => found(text).map((one) => meaningOf(one)?.evidence ?? null)

describe("sequences to the terminal", () => {
  it("are found with either end, between other output, and the bell apart from their end", () => {
    expect(found("a\x1b]0;one\x07b\x1b[31m\x1b]9;4;1;50\x1b\\c\x1b]133;A\x07")).toEqual([
      { code: 0, text: "one" },
      { code: 9, text: "4;1;50" },
      { code: 133, text: "A" }
    ])
    expect(found("\x07\x07a\x1b]2;t\x07\x07")).toEqual([
      { code: 2, text: "t" },
      { code: BELL, text: "" }
    ])
    // Cut off by another sequence, or cancelled.
    expect(found("\x1b]0;one\x1b]2;two\x07\x1b]0;three\x18")).toEqual([{ code: 2, text: "two" }])
  })

  it("are the same however the output is cut", () => {
    const part = fc.oneof(
      fc.constantFrom("\x1b]0;title\x07", "\x1b]133;C\x1b\\", "\x1b]9;done\x07", "\x1b", "\x1b]", "text \x1b[1mbold"),
      fc.string({ maxLength: 20 })
    )
    fc.assert(
      fc.property(fc.array(part), fc.array(fc.nat(200)), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(""))
        const at = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].sort((a, b) => a - b)
        const pieces = [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length))
        const withoutBell = (all: ReturnType<typeof found>) => all.filter(({ code }) => code !== BELL)
        expect(withoutBell(found(...pieces))).toEqual(withoutBell(found(bytes)))
      })
    )
  })

  it("of a megabyte are passed over, and what comes after them is found", () => {
    const title = Buffer.alloc(1_000_000, "x")
    const pieces = [Buffer.from("\x1b]0;"), title, title, Buffer.from("\x07\x1b]133;A\x07")]
    expect(found(...pieces)).toEqual([{ code: 133, text: "A" }])
    expect(found(Buffer.concat(pieces))).toEqual([{ code: 133, text: "A" }])
  })

  it("in a flood do not take longer than their number allows, and the last ones count", () => {
    const flood = `${"\x1b]0;\x07".repeat(100_000)}\x1b]133;C\x07`
    const all = found(flood)
    expect(all.length).toBeLessThan(1_000)
    expect(all.at(-1)).toEqual({ code: 133, text: "C" })
  })
})

describe("what they say", () => {
  it.each([
    ["\x1b]133;A\x07", { kind: "prompt", state: "idle" }],
    ["\x1b]133;C;cmdline=x\x07", { kind: "command", state: "working" }],
    ["\x1b]133;D;1\x07", { kind: "prompt", state: "idle" }],
    ["\x1b]0;\u280b thinking\x07", { kind: "title", state: "working" }],
    ["\x1b]2;\u25d0 thinking\x07", { kind: "title", state: "working" }],
    ["\x1b]0;\u2733 Claude Code\x07", { kind: "hint", state: "idle" }],
    ["\x1b]9;4;3;0\x07", { kind: "progress", state: "working" }],
    ["\x1b]9;4;0\x07", { kind: "progress", state: "idle" }],
    ["\x1b]9;Claude needs your permission to use Bash\x07", { state: "needs-permission" }],
    ["\x1b]777;notify;Claude;is waiting for your input\x07", { state: "waiting-input" }],
    ["\x1b]9;Agent turn complete\x07", { kind: "notification", state: "done" }],
    ["\x1b]9;hello\x07", { kind: "hint", state: "waiting-input", confidence: 0.3 }],
    ["\x07", { kind: "hint", confidence: 0.3 }]
  ])("%j", (bytes, evidence) => {
    expect(said(bytes)).toEqual([expect.objectContaining(evidence)])
  })

  it.each([
    "\x1b]0;vim notes.txt\x07",
    "\x1b]8;;http://x\x07",
    "\x1b]52;c;eA==\x07",
    "\x1b]133;Z\x07",
    "\x1b]9;4;9\x07"
  ])("%j says nothing", (bytes) => expect(said(bytes)).toEqual([null]))
})

describe("what is typed", () => {
  it.each([
    ["y", "answers"],
    ["\r", "answers"],
    ["\x1b", "answers"],
    ["\x1by", "answers"],
    ["\x1b[200~text\x1b[201~", "answers"],
    ["\x1b[A", "steers"],
    ["\x1bOB\x1b[B", "steers"],
    ["\x1b[1;5C", "steers"],
    ["\t", "steers"],
    ["\x1b[<0;3;4M", "steers"],
    ["\x1b[I", "nothing"],
    ["\x1b[3;1R", "nothing"],
    ["\x1b[?62;22c\x1b[>0;276;0c", "nothing"],
    ["\x1b]11;rgb:0/0/0\x1b\\", "nothing"],
    ["\x1bP>|xterm\x1b\\", "nothing"],
    ["", "nothing"]
  ])("%j", (keys, typed) => expect(typedIn(Buffer.from(keys))).toBe(typed))
})
