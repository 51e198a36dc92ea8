import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { CastWriter, castHeader } from "../../src/sessions/transcript/Asciicast.ts"
import { CastReader } from "../../src/sessions/transcript/CastReader.ts"
import type { TranscriptEntry } from "../../src/sessions/transcript/Transcript.ts"
import { header, outputOf, START } from "./transcript-support.ts"

const start = { at: START, offset: 0, cols: 80, rows: 24 }

const castOf = (entries: ReadonlyArray<TranscriptEntry>) => {
  const writer = new CastWriter(start)
  return castHeader(header()) + entries.map((entry) => writer.push(entry)).join("") + writer.end(START + 1_000_000)
}
const chunksOf = (chunks: ReadonlyArray<Uint8Array>): ReadonlyArray<TranscriptEntry> => {
  let offset = 0
  return chunks.map((bytes, i) => {
    const entry = { kind: "output" as const, offset, at: START + i * 7, bytes }
    offset += bytes.length
    return entry
  })
}

/** Bytes that are often, but not always, UTF-8, cut anywhere. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.string({ unit: "binary", maxLength: 12 }).map((text) => new Uint8Array(Buffer.from(text))),
      fc.constantFrom("\ufffd", "\ufeff", "\x1b[31m", "漢字", "👩‍👩‍👧").map((text) => new Uint8Array(Buffer.from(text)))
    ),
    { maxLength: 20 }
  )
  .chain((parts) => {
    const all = Buffer.concat(parts)
    return fc.array(fc.nat(all.length), { maxLength: 10 }).map((cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), all.length]
      return { all, chunks: at.slice(1).map((to, i) => all.subarray(at[i], to)) }
    })
  })

/** What asciinema's player makes of a recording: its own parser, reached through its own recording driver. */
const events = (cast: string) =>
  cast
    .split("\n")
    .slice(1)
    .filter((line) => line[0] === "[")
    .map((line): [number, string, string] => JSON.parse(line))

describe("asciicast", () => {
  it("keeps any bytes in any chunks exactly, and shows their lossy UTF-8 decoding", () => {
    fc.assert(
      fc.property(bytes, ({ all, chunks }) => {
        const cast = castOf(chunksOf(chunks))
        const read = new CastReader().push(cast)
        expect(outputOf(read).equals(all)).toBe(true)
        const shown = events(cast).flatMap(([, code, data]) => (code === "o" ? [data] : []))
        expect(shown.join("")).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(all))
      }),
      { numRuns: 2000 }
    )
  })

  it("never splits a character over two events", () => {
    const text = Buffer.from("a漢b👍c")
    const cast = castOf(chunksOf([...text].map((byte) => Buffer.of(byte))))
    expect(events(cast).map(([, , data]) => data)).toEqual(["a", "漢", "b", "👍", "c"])
  })

  it("holds the times, resizes and gaps that the transcript has, and tells people of a gap", () => {
    const entries: ReadonlyArray<TranscriptEntry> = [
      { kind: "output", offset: 0, at: START + 250, bytes: Buffer.from("one") },
      { kind: "resize", offset: 3, at: START + 1250, cols: 132, rows: 43 },
      { kind: "gap", from: 3, to: 1003, at: START + 1300 },
      { kind: "output", offset: 1003, at: START + 9_300, bytes: Buffer.from("two") }
    ]
    const cast = castOf(entries)
    expect(events(cast)).toEqual([
      [0.25, "o", "one"],
      [1, "r", "132x43"],
      [0.05, "m", "1000 bytes of output were not recorded"],
      [8, "o", "two"]
    ])
    const reader = new CastReader()
    expect(reader.push(cast)).toEqual(entries.map((entry) => entry))
    expect(reader.header).toEqual(header())
    expect(reader.offset).toBe(1006)
  })

  it("begins with a header that other tools understand, and none of the environment", () => {
    const [first, second] = castHeader(header()).split("\n")
    expect(JSON.parse(first!)).toEqual({
      version: 3,
      term: { cols: 80, rows: 24, type: "xterm-256color" },
      timestamp: START / 1000,
      command: "sh -c 'echo '\\''hi there'\\'''",
      title: "calm-otter"
    })
    expect(second).toMatch(/^#/)
  })

  it("reads hostile text in any pieces without throwing, holding no more than one line", () => {
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom("#gap 5 1", "#gap 0 99999999999999999999", "#fffd zz,,", '[1e999,"o","x"]', '[-5,"o","x"]'),
      fc.constantFrom('[0,"r","0x99999"]', '["0","o","x"]', "[0,", '{"version":3}', "#agentd {}", '[0,"o","\\ud800"]')
    )
    fc.assert(
      fc.property(fc.array(line), fc.nat(50), (lines, size) => {
        const reader = new CastReader()
        const text = lines.join("\n")
        for (let i = 0; i < text.length; i += size + 1) {
          for (const entry of reader.push(text.slice(i, i + size + 1))) expect(Number.isFinite(entry.at)).toBe(true)
        }
      })
    )
    const reader = new CastReader()
    for (let i = 0; i < 40; i++) expect(reader.push("x".repeat(1 << 20))).toEqual([])
    expect(reader.push('\n[0,"o","still here"]\n')).toHaveLength(1)
  })
})
