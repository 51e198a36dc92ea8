/** What screens look like as data, and everything a terminal has shown, page by page. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { MAX_LINES_BYTES } from "../../src/contract/session/Styled.ts"
import { type Asked, Histories } from "../../src/sessions/screen/Histories.ts"
import { Screens } from "../../src/sessions/screen/Screens.ts"
import { loadTerminal } from "../../src/sessions/screen/Xterm.ts"
import { offsetAt } from "../../src/sessions/transcript/OffsetAt.ts"
import type { TranscriptReader } from "../../src/sessions/transcript/Transcript.ts"
import { memoryTranscript } from "./screen-support.ts"
import { header, START } from "./transcript-support.ts"

const size = { cols: 20, rows: 4 }

const printed = (...outputs: ReadonlyArray<string>) => {
  const transcript = memoryTranscript(size)
  for (const output of outputs) transcript.print(output)
  return { ...transcript, source: { id: "ses_1", ...size, reader: transcript.reader } }
}

/** All pages of a reading. */
const allOf = (source: { readonly id: string; readonly reader: TranscriptReader }, format: Asked["format"]) =>
  Effect.gen(function* () {
    const histories = yield* Histories
    const pages = [yield* histories.read(source, { format })]
    for (let page = pages[0]!; page.cursor !== null; pages.push(page)) {
      page = yield* histories.read(source, { format, cursor: page.cursor })
    }
    return pages
  })

const linesOf = (source: Parameters<typeof allOf>[0]) =>
  Effect.map(allOf(source, "text"), (pages) => pages.flatMap(({ lines = [] }) => lines))

describe("styled screens", () => {
  it.live("have runs that look alike, with colours, styles and columns", () =>
    Effect.gen(function* () {
      const { source } = printed(
        "plain \x1b[1;31mbold red\x1b[0m\r\n\x1b[38;2;1;2;255;48;5;200;3;4;9m漢字\x1b[0m\r\n\x1b[7m  \x1b[0m\x1b[8mx\r\n   "
      )
      const { styled } = yield* (yield* Screens).snapshot(source, { format: "styled" })
      expect(styled).toEqual([
        [
          { text: "plain ", cells: 6 },
          { text: "bold red", cells: 8, fg: 1, styles: ["bold"] }
        ],
        [{ text: "漢字", cells: 4, fg: "#0102ff", bg: 200, styles: ["italic", "underline", "strike"] }],
        [
          { text: "  ", cells: 2, styles: ["inverse"] },
          { text: "x", cells: 1, styles: ["invisible"] }
        ],
        [{ text: "   ", cells: 3, styles: ["invisible"] }]
      ])
    }).pipe(Effect.provide(Screens.layer))
  )

  it.live("of an enormous size still fit into an answer, if without looks", () =>
    Effect.gen(function* () {
      const large = memoryTranscript({ cols: 1000, rows: 300 })
      const cells = (at: number) => `\x1b[38;5;${at % 256}mx\x1b[48;5;${at % 256}my`
      large.print(Array.from({ length: 150_000 }, (_, at) => cells(at)).join(""))
      const source = { id: "ses_2", cols: 1000, rows: 300, reader: large.reader }
      const screen = yield* (yield* Screens).snapshot(source, { format: "styled" })
      expect(Buffer.byteLength(JSON.stringify(screen))).toBeLessThan(MAX_LINES_BYTES)
      expect(screen.styled![7]).toEqual([{ text: "xy".repeat(500), cells: 1000 }])
    }).pipe(Effect.provide(Screens.layer))
  )
})

describe("a history", () => {
  it.live("has what scrolled out and what is on the screen, wrapped lines in one piece", () =>
    Effect.gen(function* () {
      const long = "abcdefghij".repeat(7)
      const { source } = printed("first\r\n", `${long}\r\n`, "a\r\n\r\n\x1b[32mgreen\x1b[0m\r\nb\r\nlast")
      expect(yield* linesOf(source)).toEqual(["first", long, "a", "", "green", "b", "last"])
      const [page] = yield* allOf(source, "styled")
      expect(page!.styled![4]).toEqual([{ text: "green", cells: 5, fg: 2 }])
    }).pipe(Effect.provide(Histories.layer))
  )

  it.live("ends with the last picture of a full-screen program, after what was there before it", () =>
    Effect.gen(function* () {
      const { source } = printed("1\r\n2\r\n3\r\n4\r\n5\r\n$ vim\r\n", "\x1b[?1049h\x1b[Htext\r\n~\x1b[4;1Hmode line")
      expect(yield* linesOf(source)).toEqual(["1", "2", "3", "4", "5", "$ vim", "text", "~", "", "mode line"])
      const left = printed("$ vim\r\n\x1b[?1049h\x1b[Htext\x1b[?1049l$ exit")
      expect(yield* linesOf(left.source)).toEqual(["$ vim", "$ exit"])
    }).pipe(Effect.provide(Histories.layer))
  )

  it.live("of a session of any length comes in pages that fit, no line twice and none missing", () =>
    Effect.gen(function* () {
      const lines = Array.from({ length: 30_000 }, (_, at) => `line ${at} ${"x".repeat(1 + (at % 50))}`)
      const { source, print } = printed()
      for (let at = 0; at < lines.length; at += 1000) print(`${lines.slice(at, at + 1000).join("\r\n")}\r\n`)
      const pages = yield* allOf(source, "text")
      expect(pages.length).toBeGreaterThan(2)
      for (const page of pages) expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(1024 * 1024)
      expect(pages.flatMap((page) => page.lines)).toEqual(lines)
    }).pipe(Effect.provide(Histories.layer))
  )

  it.live("is that of a terminal whose scrollback has no end, whatever is printed", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.oneof(
              fc.stringMatching(/^[a-z漢 ]{0,30}$/u),
              fc.constantFrom(
                "\r\n",
                "\n",
                "\x1b[H",
                "\x1b[2J",
                "\x1b[2;3r",
                "\x1b[r",
                "\x1b7",
                "\x1b8",
                "\x1bM",
                "\t",
                "\x1b[K",
                "\x1b[3L"
              )
            ),
            { maxLength: 60 }
          ),
          (parts) =>
            Effect.gen(function* () {
              const { source } = printed(...parts)
              expect(yield* linesOf(source)).toEqual(yield* reference(parts.join("")))
            }).pipe(Effect.provide(Histories.layer), Effect.runPromise)
        ),
        { numRuns: 60 }
      )
    )
  )

  it.live("is begun again when its cursor is not good any more, and never goes on as another session's", () =>
    Effect.gen(function* () {
      const histories = yield* Histories
      const { source } = printed("x\r\n".repeat(2_000_000))
      const { cursor } = yield* histories.read(source, { format: "text" })
      expect(cursor).not.toBeNull()
      const other = yield* Effect.flip(histories.read({ ...source, id: "ses_2" }, { format: "text", cursor: cursor! }))
      expect(other._tag).toBe("Conflict")
      yield* histories.read(source, { format: "text", cursor: cursor! })
      const again = yield* Effect.flip(histories.read(source, { format: "text", cursor: cursor! }))
      expect(again.message).toMatch(/Begin again/)
    }).pipe(Effect.provide(Histories.layer))
  )
})

/** The same through the library itself, with room for everything. */
const reference = (output: string) =>
  Effect.gen(function* () {
    const Terminal = yield* loadTerminal
    const terminal = new Terminal({ ...size, scrollback: 100_000, allowProposedApi: true })
    yield* Effect.promise(() => new Promise<void>((resolve) => terminal.write(output, resolve)))
    const { normal } = terminal.buffer
    const lines: Array<string> = []
    for (let y = 0; y < normal.length; y++) {
      const line = normal.getLine(y)!
      // As it is: the end of a row that goes on in the next one is part of the line.
      const text = line.translateToString(false)
      if (line.isWrapped && lines.length > 0) lines.push(lines.pop()! + text)
      else lines.push(text)
    }
    terminal.dispose()
    const trimmed = lines.map((line) => line.trimEnd())
    return trimmed.slice(0, trimmed.findLastIndex((line) => line !== "") + 1)
  })

it.effect("the offset of a moment is that of the first byte printed then or later", () =>
  Effect.promise(() =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ length: fc.integer({ min: 1, max: 5 }), pause: fc.nat(3) }), { maxLength: 20 }),
        fc.integer({ min: -2, max: 40 }),
        async (chunks, after) => {
          let [offset, at] = [0, START]
          const entries = chunks.map(({ length, pause }) => {
            at += pause
            offset += length
            return { kind: "output" as const, offset: offset - length, at, bytes: Buffer.alloc(length) }
          })
          const reader = {
            header: header(),
            entries: (from: number) =>
              Effect.succeed({
                entries: entries.filter((entry) => entry.offset + entry.bytes.length > from).slice(0, 1),
                next: from + 1
              })
          } as unknown as TranscriptReader
          const since = START + after
          const expected = since <= START ? 0 : (entries.find((entry) => entry.at >= since)?.offset ?? offset)
          expect(await Effect.runPromise(offsetAt(reader, offset, since))).toBe(expected)
        }
      )
    )
  )
)
