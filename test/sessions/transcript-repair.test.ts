import { cpSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { parseName } from "../../src/sessions/transcript/Layout.ts"
import { liveReader, openLive } from "../../src/sessions/transcript/LiveReader.ts"
import { planRepair, repairTranscript } from "../../src/sessions/transcript/Repair.ts"
import { openTranscript } from "../../src/sessions/transcript/TranscriptWriter.ts"
import { allEntries, header, outputOf, pattern, START, sizesOf, temporaryDirectory } from "./transcript-support.ts"

const BYTES = 120_000
const truth = pattern(BYTES)

/** A directory of several segments with several hundred timing records and some resizes. */
const record = Effect.fnUntraced(function* (directory: string) {
  const writer = yield* openTranscript({ directory, header: header(), maxBytes: 300_000 })
  for (let offset = 0, i = 0; offset < BYTES; i++) {
    const length = Math.min(1 + ((i * 37) % 900), BYTES - offset)
    writer.append(truth.subarray(offset, offset + length), START + i * 10)
    offset += length
    if (i % 17 === 0) writer.resize(80 + i, 24, START + i * 10)
    if (i % 40 === 0) yield* writer.flush
  }
  yield* writer.close
})

describe("repair", () => {
  it.live(
    "makes a directory cut at any byte readable, and what it reads is true",
    () =>
      Effect.gen(function* () {
        const root = yield* temporaryDirectory
        const original = join(root, "original")
        yield* record(original)
        const whole = sizesOf(yield* allEntries(yield* openLive(original)))
        const names = readdirSync(original)
        expect(names.filter((name) => name.endsWith(".raw")).length).toBeGreaterThan(3)
        const cut = join(root, "cut")

        const check = (name: string, share: number) =>
          Effect.gen(function* () {
            rmSync(cut, { recursive: true, force: true })
            cpSync(original, cut, { recursive: true })
            const size = statSync(join(cut, name)).size
            const at = Math.floor(share * size)
            truncateSync(join(cut, name), at)
            const repaired = yield* repairTranscript(cut, header())
            expect((yield* repairTranscript(cut)).steps).toEqual([])
            expect(repaired.header).toEqual(header())
            const entries = yield* allEntries(yield* openLive(cut))
            for (const entry of entries) {
              if (entry.kind !== "output") continue
              const { offset, bytes } = entry
              expect(truth.subarray(offset, offset + bytes.length).equals(bytes)).toBe(true)
            }
            // Nothing is lost but what was cut off, and what was cut off is named.
            const lost = name.endsWith(".raw") ? size - at : 0
            expect(outputOf(entries).length).toBe(BYTES - lost)
            const atEnd = repaired.resume.offset < BYTES ? BYTES - repaired.resume.offset : 0
            const gaps = entries.reduce((sum, entry) => sum + (entry.kind === "gap" ? entry.to - entry.from : 0), 0)
            expect(gaps + atEnd).toBe(lost)
            // A cut may repeat a size where a hole ends; it never invents one.
            const told = new Set(whole.map((size) => size.split(":")[1]))
            for (const size of sizesOf(entries)) expect(told).toContain(size.split(":")[1])
          })
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(fc.constantFrom(...names), fc.double({ min: 0, max: 1, noNaN: true }), (name, share) =>
              Effect.runPromise(check(name, share))
            ),
            { numRuns: 150 }
          )
        )
      }),
    60_000
  )

  it.live("removes a torn header and takes the one the caller knows", () =>
    Effect.gen(function* () {
      const directory = join(yield* temporaryDirectory, "live")
      yield* record(directory)
      writeFileSync(join(directory, "header.json"), '{"version":1,"sess')
      writeFileSync(join(directory, "header.json.tmp"), "{")
      const { steps } = yield* repairTranscript(directory, header())
      expect(steps).toEqual([{ step: "remove", name: "header.json.tmp" }, { step: "writeHeader" }])
      expect((yield* openLive(directory)).header).toEqual(header())
    })
  )

  it.live("lets a second writer go on where the killed one stopped", () =>
    Effect.gen(function* () {
      const directory = join(yield* temporaryDirectory, "live")
      yield* record(directory)
      const last = readdirSync(directory)
        .filter((name) => name.endsWith(".raw"))
        .sort()
        .at(-1)!
      truncateSync(join(directory, last), 100)
      const { resume } = yield* repairTranscript(directory)
      expect(resume.offset).toBe(parseName(last)!.offset + 100)
      const writer = yield* openTranscript({ directory, header: header(), resume })
      writer.append(Buffer.from("and on"), START + 1_000_000)
      const all = outputOf(yield* allEntries(liveReader(writer)))
      expect(all.equals(Buffer.concat([truth.subarray(0, resume.offset), Buffer.from("and on")]))).toBe(true)
    })
  )

  it("plans nothing for foreign files and hostile indexes, and does not throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(100), (content, bytes) => {
        const name = "0".repeat(20)
        const plan = planRepair([
          { name: `${name}.raw`, bytes },
          { name: `${name}.idx`, bytes: content.length, content: Buffer.from(content) },
          { name: "notes.txt", bytes: 5 }
        ])
        expect(plan.end).toBe(bytes)
        expect(plan.steps.every((step) => !("name" in step) || step.name.endsWith(".idx"))).toBe(true)
      })
    )
  })
})
