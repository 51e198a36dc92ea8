/** Keys by name arrive as a terminal would send them in the mode the program has chosen. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { encodeKey, encodePaste } from "../../src/sessions/input/Keys.ts"
import { openDaemon, refusal } from "./support.ts"

const normal = { applicationCursor: false, bracketedPaste: false }
const application = { applicationCursor: true, bracketedPaste: true }

describe("a key", () => {
  it.each([
    ["Enter", "\r"],
    ["C-c", "\x03"],
    ["C-C", "\x03"],
    ["^D", "\x04"],
    ["C-Space", "\0"],
    ["C-]", "\x1d"],
    ["BSpace", "\x7f"],
    ["M-x", "\x1bx"],
    ["C-M-a", "\x1b\x01"],
    ["M-Enter", "\x1b\r"],
    ["BTab", "\x1b[Z"],
    ["S-Tab", "\x1b[Z"],
    ["Up", "\x1b[A"],
    ["C-Right", "\x1b[1;5C"],
    ["S-F5", "\x1b[15;2~"],
    ["F1", "\x1bOP"],
    ["DC", "\x1b[3~"],
    ["C-PageUp", "\x1b[5;5~"],
    ["-", "-"],
    ["C", "C"],
    ["ß", "ß"],
    ["^", "^"]
  ])("%s is %j", (name, expected) => {
    expect(encodeKey(name, normal)).toBe(expected)
  })

  it.each(["", "Entr", "C-Enter", "S-a", "C-ß", "F13", "C-", "up", "__proto__", "toString"])("%j is none", (name) => {
    expect(encodeKey(name, normal)).toBeNull()
  })

  it("that moves the cursor follows the mode the program has chosen", () => {
    expect(["Up", "Home", "C-Up", "PageUp"].map((name) => encodeKey(name, application))).toEqual([
      "\x1bOA",
      "\x1bOH",
      "\x1b[1;5A",
      "\x1b[5~"
    ])
  })
})

describe("a paste", () => {
  it("cannot be ended by what is in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("\x1b", "[201~", "\n", "\r\n", "a") }), (text) => {
        const sent = encodePaste(text, application)
        expect(sent.startsWith("\x1b[200~") && sent.endsWith("\x1b[201~")).toBe(true)
        expect(sent.slice(6, -6)).not.toContain("\x1b")
        expect(sent).not.toContain("\n")
      })
    )
    expect(encodePaste("a\nb", normal)).toBe("a\rb")
  })
})

describe("session.input", () => {
  it("presses keys and pastes as the program's terminal is switched", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(
      "stty raw -echo; printf ready; dd bs=1 count=3 2>/dev/null | od -An -c; printf '\\033[?1h\\033[?2004hset'; cat -v"
    )
    await daemon.printed(id, "ready")
    await daemon.call("session.input", { session: id, keys: ["Up"] })
    await daemon.printed(id, "033\\s+\\[\\s+A[^]*set")
    await daemon.call("session.input", { session: id, keys: ["Up", "C-c"] })
    await daemon.printed(id, "\\^\\[OA\\^C")
    await daemon.call("session.input", { session: id, text: "one\ntwo", paste: true, keys: ["Enter"] })
    await daemon.printed(id, "\\^\\[\\[200~one\\^Mtwo\\^\\[\\[201~\\^M")
  })

  it("refuses what is no key, and says which are", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"])
    expect(await refusal(daemon.call("session.input", { session: id, keys: ["Enter", "Entr"] }))).toMatchObject({
      tag: "InvalidParams",
      message: expect.stringMatching(/"Entr" is no key.*PageUp/)
    })
    expect(await refusal(daemon.call("session.input", { session: id, base64: "YQ==", keys: ["a"] }))).toMatchObject({
      tag: "InvalidParams"
    })
    expect(await refusal(daemon.call("session.input", { session: id }))).toMatchObject({ tag: "InvalidParams" })
  })
})
