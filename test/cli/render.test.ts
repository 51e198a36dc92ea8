/** Screens as pictures and sessions as pages: what is drawn of them, and that nothing in them gets out of its text. */
import fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import { lineOf, pageBegin, pageEnd, sessionBegin, sessionEnd } from "../../src/cli/render/html.ts"
import { escaped } from "../../src/cli/render/markup.ts"
import { colourOf } from "../../src/cli/render/palette.ts"
import { svgOf } from "../../src/cli/render/svg.ts"
import type { StyledLine } from "../../src/contract/session/Styled.ts"

const screen = (styled: ReadonlyArray<StyledLine>, cursor = { x: 1, y: 0, visible: true }) => ({
  cols: 20,
  rows: styled.length,
  cursor,
  styled
})

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "</text><script>alert(1)</script>",
    "]]>",
    '"><img src=x onerror=alert(1)>',
    "' onload='x",
    "&amp;&#0;",
    "\x1b]0;owned\x07\u202e\ud800"
  )
)
/** Colours as a program could never have them, but another machine could send them. */
const colour = fc.oneof(fc.integer(), hostile, fc.constantFrom(1, 255, "#00ff00"))
const line = fc.array(
  fc.record(
    {
      text: hostile,
      cells: fc.nat(30),
      fg: colour,
      bg: colour,
      styles: fc.subarray(["bold", "dim", "italic", "underline", "inverse", "invisible", "strike", "overline"] as const)
    },
    { requiredKeys: ["text", "cells"] }
  ),
  { maxLength: 4 }
)

/** Tags with attributes in double quotes and text between them: what is left of both is well-formed. */
const expectWellFormed = (markup: string, known: ReadonlySet<string>) => {
  const open: Array<string> = []
  const rest = markup.replace(/<(\/?)([a-z1]+)((?: +[a-z:-]+="[^"<]*")*)(\/?)>/gi, (_, closes, name, __, empty) => {
    expect(known).toContain(name)
    if (closes === "/") expect(open.pop()).toBe(name)
    else if (empty === "" && name !== "meta") open.push(name)
    return ""
  })
  expect(open).toEqual([])
  expect(rest).not.toMatch(/[<>"'](?![^{]*\})/)
  expect(markup.replaceAll(/&(amp|lt|gt|quot|#39);/g, "")).not.toContain("&")
  expect(markup).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\ufffe\uffff]/)
  expect(markup.isWellFormed()).toBe(true)
}

test("text from anywhere stays text", () => {
  expect(escaped(`<a href="x">'&'</a>`)).toBe("&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;")
  expect(escaped("\x00\x1b[31m\ud800\ufffe\u202e")).toBe("\ufffd\ufffd[31m\ufffd\ufffd\ufffd")
  expect(escaped("漢字 😀\t\n")).toBe("漢字 😀\t\n")
})

test("colours are those of the theme, xterm's cube and greys, or their own; anything else is the default", () => {
  expect([0, 1, 15, 16, 21, 231, 232, 255].map((at) => colourOf(at, "x"))).toEqual([
    "#3b4252",
    "#e06c75",
    "#ffffff",
    "#000000",
    "#0000ff",
    "#ffffff",
    "#080808",
    "#eeeeee"
  ])
  expect(["#0a0b0c", '"/>', 256, -1, 1.5, undefined].map((value) => colourOf(value, "x"))).toEqual([
    "#0a0b0c",
    "x",
    "x",
    "x",
    "x",
    "x"
  ])
})

describe("a picture", () => {
  it("has every run in its columns, with colours, weights, the cursor and the title", () => {
    const picture = svgOf({
      title: "vim <notes>",
      screen: screen([
        [
          { text: "ab", cells: 2 },
          { text: "漢", cells: 2, fg: 2, styles: ["bold", "underline"] },
          { text: "inv", cells: 3, styles: ["inverse"] }
        ],
        [{ text: "  ", cells: 2, bg: "#112233" }]
      ])
    })
    expect(picture).toContain("<title>vim &lt;notes&gt;</title>")
    expect(picture).toMatch(/<text x="16" y="63.5" textLength="16.8"[^>]*fill="#d8dee9">ab<\/text>/)
    expect(picture).toMatch(
      /<text x="32.8"[^>]* textLength="16.8"[^>]*fill="#98c379" font-weight="bold" text-decoration="underline">漢</
    )
    expect(picture).toMatch(
      /<rect x="49.6" y="50" width="25.2" height="18" fill="#d8dee9"\/><text[^>]*fill="#1e222a">inv</
    )
    expect(picture).toContain('<rect x="16" y="68" width="16.8" height="18" fill="#112233"/>')
    expect(picture).toContain('<rect x="24.4" y="50" width="8.4" height="18" fill="none" stroke="#d8dee9"/>')
  })

  it("is the same for the same screen, and leaves out what is not to be seen", () => {
    const same = screen([[{ text: "secret", cells: 6, styles: ["invisible"] }]], { x: 0, y: 0, visible: false })
    expect(svgOf({ screen: same, title: "t" })).toBe(svgOf({ screen: structuredClone(same), title: "t" }))
    expect(svgOf({ screen: same, title: "t" })).not.toMatch(/secret|stroke/)
  })

  it("is well-formed whatever is on the screen", () => {
    const known = new Set(["svg", "title", "rect", "circle", "text"])
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), hostile, (styled, title) => {
        const picture = svgOf({ screen: screen(styled as ReadonlyArray<StyledLine>), title })
        expectWellFormed(picture.replace(/font-family="[^"]*"/, ""), known)
      })
    )
  })
})

describe("a page", () => {
  const session = (more: object = {}) =>
    ({
      name: "build",
      argv: ["make", "<all>"],
      cwd: "/tmp",
      cols: 80,
      createdAt: 0,
      exit: { code: 3, signal: null, by: "program", took: null, at: 61_000 },
      ...more
    }) as never

  it("says what it is of, loads nothing, and has its lines in colour", () => {
    const head = pageBegin("build") + sessionBegin(session())
    expect(head).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">`
    )
    expect(head).not.toMatch(/<script|<link|<img|url\(|@import|src=/)
    expect(head).toContain("make &#39;&lt;all&gt;&#39;")
    expect(head).toContain('<time datetime="1970-01-01T00:01:01.000Z">1970-01-01 00:01:01 UTC</time>: exit 3')
    expect(lineOf([{ text: "a<b", cells: 3 }])).toBe("a&lt;b\n")
    expect(lineOf([{ text: "x", cells: 1, fg: 1, bg: "#000000", styles: ["bold", "strike", "overline"] }])).toBe(
      '<span style="color:#e06c75;background:#000000;font-weight:bold;text-decoration:line-through overline">x</span>\n'
    )
  })

  it("is well-formed whatever the session is called, runs and prints", () => {
    const known = new Set([
      "html",
      "head",
      "meta",
      "title",
      "style",
      "body",
      "section",
      "h1",
      "p",
      "time",
      "pre",
      "span"
    ])
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), hostile, hostile, (lines, name, word) => {
        const page =
          pageBegin(name) +
          sessionBegin(session({ name, argv: [word], cwd: word })) +
          (lines as ReadonlyArray<StyledLine>).map(lineOf).join("") +
          sessionEnd +
          pageEnd
        expectWellFormed(page.replace("<!doctype html>", "").replace(/<style>[\s\S]*?<\/style>/, ""), known)
      })
    )
  })
})
