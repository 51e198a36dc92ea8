import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { EscapeKeyReader, escapeKeyName, parseEscapeKey } from "../../src/cli/terminal/EscapeKey.ts"

const CTRL_BRACKET = 0x1d

/** What is sent on, and the commands in between in angle brackets. */
const typed = (key: number | undefined, ...chunks: ReadonlyArray<string>): string => {
  const reader = new EscapeKeyReader(key)
  return chunks
    .flatMap((chunk) => reader.feed(Buffer.from(chunk)))
    .map((action) => (action.type === "send" ? Buffer.from(action.bytes).toString() : `<${action.type}>`))
    .join("")
}

describe("the escape key", () => {
  it.each([
    ["ctrl-]", CTRL_BRACKET, "Ctrl-]"],
    ["ctrl-a", 1, "Ctrl-A"],
    ["Ctrl-B", 2, "Ctrl-B"],
    ["^\\", 0x1c, "Ctrl-\\"],
    ["ctrl-@", 0, "Ctrl-@"]
  ])("%s is understood", (name, key, shown) => {
    expect(parseEscapeKey(name)).toBe(key)
    expect(escapeKeyName(key)).toBe(shown)
  })

  it.each(["none", "", "ctrl-", "x", "ctrl-xx"])("%j switches it off", (name) => {
    expect(parseEscapeKey(name)).toBeUndefined()
    expect(typed(parseEscapeKey(name), "a\x1dd")).toBe("a\x1dd")
  })

  it.each([
    ["d detaches", "\x1dd", "<detach>"],
    ["r redraws", "\x1dr", "<redraw>"],
    ["z suspends", "\x1dz", "<suspend>"],
    ["? helps", "\x1d?", "<help>"],
    ["an unknown key helps and is not sent", "\x1dx", "<help>"],
    ["itself is sent once", "\x1d\x1d", "\x1d"],
    ["with control still down, d detaches all the same", "\x1d\x04", "<detach>"],
    ["and before and after it text is sent", "ab\x1drcd\x1ddef", "ab<redraw>cd<detach>ef"]
  ])("then %s", (_, keys, result) => {
    expect(typed(CTRL_BRACKET, keys)).toBe(result)
  })

  it("may come in another chunk than the key after it", () => {
    expect(typed(CTRL_BRACKET, "a\x1d", "d", "b")).toBe("a<detach>b")
  })

  it.each([
    ["kitty's encoding", "\x1b[93;5u", "\x1b[100u"],
    ["kitty's encoding with events and alternatives", "\x1b[93::93;5:1u\x1b[93;5:3u", "\x1b[100;1:1u"],
    ["xterm's modifyOtherKeys", "\x1b[27;5;93~", "d"]
  ])("is found in %s", (_, prefix, command) => {
    expect(typed(CTRL_BRACKET, `x${prefix}${command}y`)).toBe("x<detach>y")
    expect(typed(CTRL_BRACKET, `x${prefix}`, command)).toBe("x<detach>")
  })

  it("pressed twice is sent in the encoding the program asked for", () => {
    expect(typed(CTRL_BRACKET, "\x1b[93;5u\x1b[93;5u")).toBe("\x1b[93;5u")
  })

  it("leaves every other encoded key alone", () => {
    const keys = "\x1b[97;5u\x1b[93u\x1b[A\x1b[1;5C\x1b[27;5;97~\x1b[200~pasted\x1b[201~"
    expect(typed(CTRL_BRACKET, keys)).toBe(keys)
  })

  it("is the only thing that is ever held back", () => {
    const bytes = fc
      .uint8Array()
      .map((array) => Buffer.from(array.filter((byte) => byte !== CTRL_BRACKET && byte !== 0x1b)))
    fc.assert(
      fc.property(fc.array(bytes), (chunks) => {
        const reader = new EscapeKeyReader(CTRL_BRACKET)
        const sent = chunks
          .flatMap((chunk) => reader.feed(chunk))
          .map((action) => (action.type === "send" ? action.bytes : []))
        expect(Buffer.concat(sent.map((part) => Buffer.from(part)))).toEqual(Buffer.concat(chunks))
      })
    )
  })
})
