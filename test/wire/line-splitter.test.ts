import fc from "fast-check"
import { expect, test } from "vitest"
import { LineSplitter, NOT_UTF8, TOO_LONG } from "../../src/wire/LineSplitter.ts"
import { cut, lengths } from "./pieces.ts"

const LIMIT = 32

const split = (chunks: ReadonlyArray<Buffer>, limit = LIMIT) => {
  const splitter = new LineSplitter(limit)
  const lines: Array<string | typeof NOT_UTF8 | typeof TOO_LONG> = []
  for (const chunk of chunks) {
    // The reader may use its buffer again at once.
    const lent = Buffer.from(chunk)
    splitter.push(lent, (line) => {
      lines.push(line)
      return true
    })
    lent.fill(0x21)
  }
  return lines
}

const text = fc.string({ unit: "grapheme", maxLength: 24 }).map((line) => line.replaceAll("\n", ""))

test("lines come out as they went in, however the bytes were cut", () => {
  fc.assert(
    fc.property(fc.array(text), lengths, (lines, sizes) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""))
      const expected = lines.map((line) => (Buffer.byteLength(line) > LIMIT ? TOO_LONG : line))
      expect(split(cut(bytes, sizes))).toEqual(expected)
    })
  )
})

test("a line without its newline is not a line yet", () => {
  expect(split([Buffer.from("one\ntw")])).toEqual(["one"])
})

test("a line of other bytes than UTF-8 is reported, and the next one is a line", () => {
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0x61, 0x80, 0x62]]) {
    expect(split([Buffer.from([...bytes, 0x0a]), Buffer.from("ümläut\n")])).toEqual([NOT_UTF8, "ümläut"])
  }
})

test("a line of exactly the limit is taken, one byte more is reported once", () => {
  const long = "x".repeat(LIMIT)
  expect(split([Buffer.from(`${long}\n${long}x\nnext\n`)])).toEqual([long, TOO_LONG, "next"])
})

test("an endless line is reported as soon as it is over the limit, and forgotten up to its newline", () => {
  const chunk = Buffer.from("x".repeat(LIMIT))
  expect(split([chunk, chunk, chunk])).toEqual([TOO_LONG])
  expect(split([chunk, chunk, chunk, Buffer.from("x\nnext\n")])).toEqual([TOO_LONG, "next"])
})

test("a reader that has enough gets the bytes after its line back, whatever they are", () => {
  fc.assert(
    fc.property(text, fc.uint8Array({ maxLength: 64 }), (line, rest) => {
      const splitter = new LineSplitter(1024)
      const bytes = Buffer.concat([Buffer.from(`${line}\n`), rest])
      expect(splitter.push(bytes, () => false)).toEqual(Buffer.from(rest))
    })
  )
})

test("a megabyte that comes byte by byte costs about a megabyte", () => {
  const size = 1024 * 1024
  const splitter = new LineSplitter(size)
  const byte = Buffer.from("x")
  globalThis.gc?.()
  const before = process.memoryUsage()
  for (let sent = 0; sent < size; sent++) splitter.push(byte, () => true)
  globalThis.gc?.()
  globalThis.gc?.()
  const after = process.memoryUsage()
  expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(
    (globalThis.gc === undefined ? 64 : 8) * size
  )
  let length = 0
  splitter.push(Buffer.from("\n"), (line) => {
    length = typeof line === "string" ? line.length : -1
    return true
  })
  expect(length).toBe(size)
})
