import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { beforeSnapshot, restoreSequence, toFreshLine } from "../../src/cli/terminal/restore.ts"
import { TerminalTracker } from "../../src/cli/terminal/TerminalTracker.ts"
import { type Emulator, emulator, modesOf, textOf } from "./support/UserTerminal.ts"

const written = (terminal: Emulator, text: string | Uint8Array) =>
  new Promise<void>((resolve) => terminal.write(text, resolve))

const tracked = (...chunks: ReadonlyArray<string | Uint8Array>) => {
  const tracker = new TerminalTracker()
  for (const chunk of chunks) tracker.scan(Buffer.from(chunk as string))
  return tracker.state
}

const restored = (text: string) => restoreSequence(tracked(text), { titlePushed: false, capable: true })

/** What programs write: modes on and off, in lists, attributes, regions, strings, text, and bytes that mean nothing. */
const mode = fc.constantFrom(1, 6, 7, 9, 25, 45, 66, 1000, 1002, 1003, 1004, 1006, 1016, 2004, 47, 1047, 1049)
const piece = fc.oneof(
  fc
    .tuple(fc.array(mode, { minLength: 1, maxLength: 3 }), fc.constantFrom("h", "l"))
    .map(([modes, set]) => `\x1b[?${modes.join(";")}${set}`),
  fc.constantFrom("\x1b[4h", "\x1b[4l", "\x1b=", "\x1b>", "\x1b(0", "\x1b(B", "\x0e", "\x0f", "\x1b7", "\x1b8"),
  fc.constantFrom("\x1b[m", "\x1b[0;31m", "\x1b[38;5;0m", "\x1b[1;4;7m", "\x1b[48:2::1:2:3m", "\x1b[39;49m"),
  fc.constantFrom("\x1b[3;9r", "\x1b[r", "\x1b[5;5H", "\x1b[2J", "\x1b[!p", "\x1bc", "\x1bM", "\x1b[3d"),
  fc.constantFrom(
    "\x1b]0;title\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x1b]8;;\x07",
    "\x1bP1$r0m\x1b\\",
    "\x1b_apc\x1b\\",
    "\x1b]52;c;"
  ),
  fc.constantFrom("\x18", "\x1b", "\x1b[", "\x1b[?1049", "text\r\n", "ä☃", "\x1b[31\x1b[1m")
)

describe("what was seen", () => {
  it("is the same wherever the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(), (pieces, cut) => {
        const bytes = Buffer.from(pieces.join(""))
        const at = bytes.length === 0 ? 0 : cut % bytes.length
        expect(tracked(bytes.subarray(0, at), bytes.subarray(at))).toEqual(tracked(bytes))
      })
    )
  })

  it.each([
    ["an attribute", "\x1b[31m", { attributes: true }],
    ["an attribute that was taken back", "\x1b[31m\x1b[0m", { attributes: false }],
    ["black, whose number looks like a reset", "\x1b[38;5;0m", { attributes: true }],
    ["the alternate screen among other modes", "\x1b[?25;1049h", { alternate: 1049 }],
    ["a title", "\x1b]2;vim\x07", { title: true }],
    ["a link that is open", "\x1b]8;;https://example.org\x1b\\", { hyperlink: true }],
    [
      "a link with parameters that is open",
      "\x1b]8;id=12345678901234567890;https://example.org\x1b\\",
      { hyperlink: true }
    ],
    ["a link that was closed", "\x1b]8;;https://example.org\x1b\\x\x1b]8;;\x1b\\", { hyperlink: false }],
    ["a progress bar", "\x1b]9;4;1;50\x07", { progress: true }],
    ["a changed colour", "\x1b]11;#102030\x07", { colours: new Set([11]) }],
    ["a colour that was only asked for", "\x1b]11;?\x07", { colours: new Set() }],
    ["keyboard flags pushed twice and popped once", "\x1b[>1u\x1b[>5u\x1b[<u", { kitty: { main: 1, alternate: 0 } }],
    ["keyboard flags of the alternate screen", "\x1b[?1049h\x1b[>1u", { kitty: { main: 0, alternate: 1 } }],
    ["other keys encoded", "\x1b[>4;2m", { modifyOtherKeys: true, attributes: false }],
    ["a cursor style", "\x1b[5 q", { cursorStyle: true }],
    ["half a sequence", "\x1b[?10", { midSequence: true }]
  ])("includes %s", (_, text, facts) => {
    expect(tracked(text)).toMatchObject(facts)
  })
})

describe("restoring", () => {
  it("brings every terminal back to the modes it began with, whatever was written to it", async () => {
    const fresh = emulator()
    const expected = modesOf(fresh)
    fresh.dispose()
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const text = pieces.join("")
        const terminal = emulator()
        await written(terminal, text)
        await written(terminal, restored(text))
        expect(modesOf(terminal)).toEqual(expected)
        terminal.dispose()
      }),
      { numRuns: 300 }
    )
  })

  it("neither clears a line nor moves the cursor of a program on the main screen", async () => {
    const terminal = emulator()
    const text = "one\r\ntwo \x1b[31;1mthree\x1b[2;20r\x1b[2;5H\x1b[?1000h\x1b[?25l\x1b=\x1b[5 q"
    await written(terminal, text)
    const { cursorX, cursorY } = terminal.buffer.active
    const before = textOf(terminal)
    await written(terminal, restored(text))
    expect(textOf(terminal)).toBe(before)
    expect(terminal.buffer.active).toMatchObject({ cursorX, cursorY })
    terminal.dispose()
  })

  it("comes out of the alternate screen to what was there before", async () => {
    const terminal = emulator()
    const text = "$ vim notes\r\n\x1b[?1049h\x1b[2J\x1b[H~\r\n~"
    await written(terminal, text)
    await written(terminal, restored(text))
    expect(textOf(terminal).trimEnd()).toBe("$ vim notes")
    expect(terminal.buffer.active.cursorY).toBe(1)
    terminal.dispose()
  })

  it("undoes what only some terminals know", () => {
    const sequence = restoreSequence(
      tracked("\x1b[>1u\x1b[?1049h\x1b[>1u\x1b[>4;1m\x1b]10;red\x07\x1b]9;4;3\x07\x1b[?2026h"),
      {
        titlePushed: true,
        capable: true
      }
    )
    for (const part of [
      "\x1b[<1u\x1b[?1049l",
      "\x1b[>4m",
      "\x1b]110\x1b\\",
      "\x1b]9;4;0\x1b\\",
      "\x1b[?2026l",
      "\x1b[23;0t"
    ]) {
      expect(sequence).toContain(part)
    }
    expect(sequence.match(/\x1b\[<1u/g)).toHaveLength(2)
  })

  it("writes nothing to a terminal that understands nothing, unless the program did", () => {
    expect(restoreSequence(tracked("plain"), { titlePushed: false, capable: false })).toBe("")
  })

  it("never erases", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        expect(restored(pieces.join(""))).not.toMatch(/\x1b\[\d*[JKX]|\x1bc/)
      })
    )
  })
})

describe("a line of ours", () => {
  const belowOf = async (text: string, ended: boolean) => {
    const terminal = emulator(20, 5)
    await written(terminal, text)
    await written(terminal, toFreshLine(tracked(text), ended))
    await written(terminal, "[ours]")
    const lines = textOf(terminal).split("\n")
    terminal.dispose()
    return lines.filter((line) => line !== "")
  }

  it("follows the last output directly", async () => {
    expect(await belowOf("bye\r\n", true)).toEqual(["bye", "[ours]"])
    expect(await belowOf("no newline", true)).toEqual(["no newline", "[ours]"])
  })

  it("comes below everything that a program has drawn", async () => {
    expect(await belowOf("\x1b[4;1Hbelow\x1b[1;1Habove", false)).toEqual(["above", "below", "[ours]"])
  })
})

describe("before a snapshot", () => {
  it("what the user had on the screen goes into the scrollback", async () => {
    const terminal = emulator(20, 5)
    await written(terminal, "a\r\nb\r\nc\r\nd\r\nmine")
    await written(terminal, beforeSnapshot(tracked(""), true, 5))
    await written(terminal, "\x1b[2Jtheirs")
    expect(
      textOf(terminal)
        .split("\n")
        .filter((line) => line !== "")
    ).toEqual(["a", "b", "c", "d", "mine", "theirs"])
    terminal.dispose()
  })

  it("a later one replaces the session's picture and leaves the scrollback alone", async () => {
    const terminal = emulator(20, 5)
    await written(terminal, "1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7")
    await written(terminal, beforeSnapshot(tracked(""), false, 5))
    expect(
      textOf(terminal)
        .split("\n")
        .filter((line) => line !== "")
    ).toEqual(["1", "2"])
    terminal.dispose()
  })
})
