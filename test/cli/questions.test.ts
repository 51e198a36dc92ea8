/** What a terminal would answer is found, wherever the bytes are cut; nothing else is. */
import xterm from "@xterm/headless"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Answering } from "../../src/cli/terminal/Answering.ts"
import { unasked } from "../../src/cli/terminal/questions.ts"
import { TerminalTracker } from "../../src/cli/terminal/TerminalTracker.ts"

const asking = [
  "\x1b[c",
  "\x1b[0c",
  "\x1b[>c",
  "\x1b[=c",
  "\x1b[5n",
  "\x1b[6n",
  "\x1b[?6n",
  "\x1b[?2026$p",
  "\x1b[4$p",
  "\x1b[>q",
  "\x1b[18t",
  "\x1b[14;2t",
  "\x1b[21t",
  "\x1b[?u",
  "\x1b[x",
  "\x1b[1$w",
  "\x1b[?1;1;0S",
  "\x1bZ",
  "\x05",
  "\x1b]10;?\x07",
  "\x1b]11;?\x1b\\",
  "\x1b]4;200;?\x1b\\",
  "\x1b]52;c;?\x07",
  "\x1bP$qm\x1b\\",
  "\x1bP+q544e\x1b\\"
]

const silent = [
  "\x1b[1;31m",
  "\x1b[?1c",
  "\x1b[>4;2m",
  "\x1b[>4n",
  "\x1b[2 q",
  "\x1b[8;24;80t",
  "\x1b[22;0t",
  "\x1b[>1u",
  "\x1b[u",
  "\x1b[3S",
  "\x1b[!p",
  "\x1b]2;really?\x07",
  "\x1b]0;what?\x1b\\",
  "\x1b]8;;http://a/?\x07",
  "\x1b]52;c;Pw==\x07",
  "\x1bPq#0;2;0;0;0\x1b\\",
  "text?",
  "\x1b[31mc n\x1b[0m"
]

/** Writes the bytes in these pieces, with everything asked taken out; answers what a terminal answered. */
const answersTo = async (pieces: ReadonlyArray<string>, mute: boolean) => {
  const terminal = new xterm.Terminal({ cols: 80, rows: 24, allowProposedApi: true, logLevel: "off" })
  let answered = ""
  terminal.onData((data) => {
    answered += data
  })
  const tracker = new TerminalTracker()
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, "latin1")
    const questions = tracker.scan(bytes)
    await new Promise<void>((resolve) =>
      terminal.write(mute && questions !== null ? unasked(bytes, questions) : bytes, resolve)
    )
  }
  const text = terminal.buffer.active.getLine(0)!.translateToString(true)
  terminal.dispose()
  return { answered, text }
}

const cut = (text: string, at: number) => [text.slice(0, at), text.slice(at)]

describe("what a terminal answers", () => {
  it.each(asking)("%j is found, however it is cut", (sequence) => {
    for (let at = 0; at <= sequence.length; at++) {
      const tracker = new TerminalTracker()
      const found = cut(`a${sequence}b`, at + 1).flatMap((piece) => tracker.scan(Buffer.from(piece, "latin1")) ?? [])
      expect(found.length).toBeGreaterThan(0)
    }
  })

  it.each(silent)("%j is left alone", (sequence) => {
    expect(new TerminalTracker().scan(Buffer.from(sequence, "latin1"))).toBeNull()
  })

  it("is not answered once it is taken out, and everything around it is shown as before", async () => {
    const sequence = fc.oneof(
      fc.constantFrom(...asking, ...silent.filter((one) => !one.includes("t") && !one.includes("!p"))),
      fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom(..."abcdefgh") })
    )
    await fc.assert(
      fc.asyncProperty(fc.array(sequence, { maxLength: 8 }), fc.nat(60), async (parts, at) => {
        const all = parts.join("")
        const muted = await answersTo(cut(all, at), true)
        expect(muted.answered).toBe("")
        expect(muted.text).toBe((await answersTo(cut(all, at), false)).text)
      }),
      { numRuns: 60 }
    )
  })
})

describe("the terminal that answers", () => {
  it("is asked everything as long as nobody says otherwise, and afterwards what it is told", () => {
    const answering = new Answering()
    const said = (offset: number, text: string) =>
      answering.split(offset, Buffer.from(text)).map(({ answers, bytes }) => `${answers} ${bytes}`)
    expect(said(0, "abc")).toEqual(["true abc"])
    answering.change(true, 5)
    expect(said(3, "defgh")).toEqual(["false de", "true fgh"])
    answering.change(false, 10)
    expect(said(8, "ijkl")).toEqual(["true ij", "false kl"])
    expect(said(12, "mn")).toEqual(["false mn"])
  })
})
