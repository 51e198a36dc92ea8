import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { liveReader, openLive } from "../../src/sessions/transcript/LiveReader.ts"
import { openTranscript, PENDING_BYTES } from "../../src/sessions/transcript/TranscriptWriter.ts"
import { allEntries, header, outputOf, pattern, START, sizesOf, temporaryDirectory } from "./transcript-support.ts"

const setUp = Effect.fnUntraced(function* (options: { readonly maxBytes?: number } = {}) {
  const directory = join(yield* temporaryDirectory, "live")
  const writer = yield* openTranscript({ directory, header: header(), ...options })
  const reader = liveReader(writer)
  return { directory, writer, reader }
})

describe("a live transcript", () => {
  it.live("gives back every byte with its time, and resizes where they happened", () =>
    Effect.gen(function* () {
      const { writer, reader } = yield* setUp()
      const shared = Buffer.from("one ")
      writer.append(shared, START + 10)
      shared.fill("X")
      writer.append(Buffer.from("two "), START + 500)
      writer.resize(100, 30, START + 600)
      writer.append(Buffer.from("three"), START + 700)
      const entries = yield* allEntries(reader)
      expect(
        entries.map((e) => (e.kind === "output" ? [e.offset, e.at - START, `${Buffer.from(e.bytes)}`] : e))
      ).toEqual([
        [0, 10, "one "],
        [4, 500, "two "],
        { kind: "resize", offset: 8, at: START + 600, cols: 100, rows: 30 },
        [8, 700, "three"]
      ])
      expect(yield* reader.sizeAt(7)).toEqual({ cols: 80, rows: 24 })
      expect(yield* reader.sizeAt(8)).toEqual({ cols: 100, rows: 30 })
      expect(yield* reader.end).toBe(13)
    })
  )

  it.live("reaches the disk by itself, without anybody asking", () =>
    Effect.gen(function* () {
      const { directory, writer } = yield* setUp()
      yield* writer.flush
      writer.append(Buffer.from("soon"), START)
      while (writer.flushed < 4) yield* Effect.sleep(1)
      expect(readFileSync(join(directory, `${"0".repeat(20)}.raw`), "utf8")).toBe("soon")
    })
  )

  it.live("is private: directory 0700, files 0600, and no environment in the header", () =>
    Effect.gen(function* () {
      const { directory, writer } = yield* setUp()
      writer.append(Buffer.from("x"), START)
      yield* writer.flush
      expect(statSync(directory).mode & 0o777).toBe(0o700)
      for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
      expect(Object.keys(JSON.parse(readFileSync(join(directory, "header.json"), "utf8")))).not.toContain("env")
    })
  )

  it.live("reads any range across segments, and names the bytes a size cap has removed", () =>
    Effect.gen(function* () {
      const maxBytes = 512 * 1024
      const { directory, writer, reader } = yield* setUp({ maxBytes })
      const truth = pattern(2_000_000)
      for (let i = 0; i < truth.length; i += 4000) {
        writer.append(truth.subarray(i, i + 4000), START + i)
        if (i % 100_000 === 0) yield* writer.flush
      }
      yield* writer.flush
      const used = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
      expect(used).toBeLessThanOrEqual(maxBytes)
      const first = yield* reader.read(0, 10)
      expect(first.missing).toBe(first.from)
      expect(first.from).toBeGreaterThan(1_400_000)
      const [gap, size] = yield* allEntries(reader)
      expect(gap).toMatchObject({ kind: "gap", from: 0, to: first.from })
      expect(size).toMatchObject({ kind: "resize", offset: first.from, cols: 80, rows: 24 })
      expect(outputOf(yield* allEntries(reader)).equals(truth.subarray(first.from))).toBe(true)
      for (const from of [first.from + 1, 1_900_001, truth.length - 1]) {
        const part = yield* reader.read(from, 777)
        expect(Buffer.from(part.bytes).equals(truth.subarray(from, from + part.bytes.length))).toBe(true)
        expect(part.bytes.length).toBeGreaterThan(0)
      }
    })
  )

  it.live("is looked through once when nobody writes to it any more, and again once something of it is gone", () =>
    Effect.gen(function* () {
      const { directory, writer } = yield* setUp({ maxBytes: 512 * 1024 })
      const bytes = pattern(200_000)
      for (let at = 0; at < bytes.length; at += 10_000) writer.append(bytes.subarray(at, at + 10_000), START + at)
      yield* writer.close
      const reader = yield* openLive(directory)
      const end = yield* reader.end
      expect(end).toBe(200_000)
      const raw = readdirSync(directory).filter((name) => name.endsWith(".raw"))
      expect(raw.length).toBeGreaterThan(2)
      // Nobody puts anything there; this shows that nobody looks.
      writeFileSync(join(directory, `${String(end).padStart(20, "0")}.raw`), "more")
      expect(yield* reader.end).toBe(end)
      rmSync(join(directory, raw[0]!))
      const first = Number(raw[1]!.replace(".raw", ""))
      const { from, missing } = yield* reader.read(0, 1_000)
      expect([from, missing]).toEqual([first, first])
      expect(yield* reader.end).toBe(end + 4)
    })
  )

  it.live("is continued by a later daemon at the true offset, with a gap where bytes were lost between", () =>
    Effect.gen(function* () {
      const directory = join(yield* temporaryDirectory, "live")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const writer = yield* openTranscript({ directory, header: header() })
          writer.append(Buffer.from("before"), START)
        })
      )
      const resume = { offset: 10, cols: 120, rows: 40 }
      const writer = yield* openTranscript({ directory, header: header(), resume })
      writer.append(Buffer.from("after"), START + 5)
      const reader = liveReader(writer)
      const entries = yield* allEntries(reader)
      expect(outputOf(entries).toString()).toBe("beforeafter")
      expect(entries.filter((entry) => entry.kind === "gap")).toMatchObject([{ from: 6, to: 10 }])
      expect(sizesOf(entries)).toEqual(["10:120x40"])
    })
  )

  it.live("asks the owner to pause before memory runs over, and says when to go on", () =>
    Effect.gen(function* () {
      const directory = join(yield* temporaryDirectory, "live")
      const told: Array<boolean> = []
      const writer = yield* openTranscript({ directory, header: header(), onPressure: (hold) => told.push(hold) })
      const chunk = pattern(64 * 1024)
      let appended = 0
      while (!writer.pressure) {
        writer.append(chunk, START)
        appended += chunk.length
      }
      expect(appended).toBeLessThan(PENDING_BYTES)
      yield* writer.flush
      expect(told).toEqual([true, false])
      expect(writer.unrecorded).toBe(0)
      expect((yield* allEntries(liveReader(writer), 0, 1 << 20)).length).toBeGreaterThan(0)
      expect(writer.flushed).toBe(appended)
    })
  )
})
