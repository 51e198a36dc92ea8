import { execFileSync } from "node:child_process"
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { zstdDecompressSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { archive, openArchive } from "../../src/sessions/transcript/Archive.ts"
import { castLines } from "../../src/sessions/transcript/CastLines.ts"
import { CastReader } from "../../src/sessions/transcript/CastReader.ts"
import { openLive } from "../../src/sessions/transcript/LiveReader.ts"
import { openTranscript } from "../../src/sessions/transcript/TranscriptWriter.ts"
import { allEntries, header, outputOf, pattern, START, sizesOf, temporaryDirectory } from "./transcript-support.ts"

const exit = { code: null, signal: "SIGKILL", by: "stop", took: "kill", at: START + 99_000 } as const

/** A recording of coloured text with wide characters, binary rubbish in the middle, resizes and odd chunk sizes. */
const truth = Buffer.concat([
  Buffer.from("\x1b[32mgrün 漢字 👍\x1b[0m\r\n".repeat(60_000)),
  pattern(300_000),
  Buffer.from("\x1b]0;done\x07bye\r\n".repeat(20_000))
])

const setUp = Effect.gen(function* () {
  const root = yield* temporaryDirectory
  const directory = join(root, header().session)
  const writer = yield* openTranscript({ directory, header: header() })
  for (let offset = 0, i = 0; offset < truth.length; i++) {
    const length = 1 + ((i * 7919) % 4096)
    writer.append(truth.subarray(offset, offset + length), START + i * 5)
    offset += length
    if (i === 100) writer.resize(200, 50, START + i * 5)
    if (i % 50 === 0) yield* writer.flush
  }
  writer.resize(90, 30, START + 90_000)
  yield* writer.close
  return { root, directory, file: `${directory}.cast.zst` }
})

const archived = Effect.gen(function* () {
  const { root, directory, file } = yield* setUp
  yield* archive({ directory, file, exit })
  return { root, file, reader: yield* openArchive(file) }
})

describe("an archive", () => {
  it.live("replaces the directory by one private file that holds the same bytes, sizes and times", () =>
    Effect.gen(function* () {
      const { root, directory, file } = yield* setUp
      const before = yield* allEntries(yield* openLive(directory))
      const result = yield* archive({ directory, file, exit })
      expect(readdirSync(root)).toEqual([`${header().session}.cast.zst`])
      expect(result).toEqual({ file, bytes: statSync(file).size, end: truth.length })
      expect(statSync(file).mode & 0o777).toBe(0o600)
      const reader = yield* openArchive(file)
      expect(reader.header).toEqual(header())
      const after = yield* allEntries(reader)
      expect(outputOf(after).equals(truth)).toBe(true)
      expect(sizesOf(after)).toEqual(sizesOf(before))
      expect(after.at(-1)!.at).toBe(START + 90_000)
    })
  )

  it.live("is plain asciicast to every zstd decompressor, the exit status included", () =>
    Effect.gen(function* () {
      const { file } = yield* archived
      const text = zstdDecompressSync(readFileSync(file)).toString()
      const reader = new CastReader()
      expect(outputOf(reader.push(text)).equals(truth)).toBe(true)
      expect(reader.exit).toBe("137")
      const tool = yield* Effect.sync(() => {
        try {
          return execFileSync("zstd", ["-dc", file], { maxBuffer: 1 << 28 }).toString()
        } catch (error) {
          if (error instanceof Error && "code" in error && error.code === "ENOENT") return null
          throw error
        }
      })
      if (tool === null) console.log("zstd is not installed: not compared with its own decompressor")
      else expect(tool === text).toBe(true)
    })
  )

  it.live("plays in asciinema's player: same text, sizes and length", () =>
    Effect.gen(function* () {
      const { file } = yield* archived
      const text = zstdDecompressSync(readFileSync(file)).toString()
      const played = yield* Effect.promise(() => play(text))
      expect(played.errors).toEqual([])
      expect(played.text === new TextDecoder("utf-8", { ignoreBOM: true }).decode(truth)).toBe(true)
      expect(played.sizes).toContain("200x50")
      expect(played.duration).toBeCloseTo(99)
    })
  )

  it.live("reads any range without reading the rest", () =>
    Effect.gen(function* () {
      const { reader } = yield* archived
      for (const [from, limit] of [
        [0, 10],
        [1_048_570, 20],
        [1_500_001, 700_000],
        [truth.length - 3, 100]
      ] as const) {
        const { bytes, missing, from: first } = yield* reader.read(from, limit)
        expect([first, missing]).toEqual([from, 0])
        expect(Buffer.from(bytes).equals(truth.subarray(from, from + limit))).toBe(true)
      }
      expect(yield* reader.read(truth.length, 10)).toMatchObject({ from: truth.length, missing: 0 })
      expect(yield* reader.sizeAt(0)).toEqual({ cols: 80, rows: 24 })
      expect(yield* reader.sizeAt(1_500_000)).toEqual({ cols: 200, rows: 50 })
    })
  )

  it.live("gives its asciicast in pages that fit into an answer and together are one recording", () =>
    Effect.gen(function* () {
      const { file, reader } = yield* archived
      let text = ""
      for (let next = 0; next < truth.length; ) {
        const page = yield* castLines(reader, next, 512 * 1024)
        expect(Buffer.byteLength(JSON.stringify(page.text))).toBeLessThan(1024 * 1024)
        expect(page.next).toBeGreaterThan(next)
        text += page.text
        next = page.next
      }
      const whole = new CastReader().push(zstdDecompressSync(readFileSync(file)).toString())
      const paged = new CastReader().push(text)
      expect(outputOf(paged).equals(truth)).toBe(true)
      expect(paged.at(-1)!.at).toBe(whole.at(-1)!.at)
      expect(sizesOf(paged)).toEqual(sizesOf(whole))
    })
  )

  it.live("tells what was never recorded up to the session's last offset", () =>
    Effect.gen(function* () {
      const { directory, file } = yield* setUp
      yield* archive({ directory, file, end: truth.length + 500 })
      const reader = yield* openArchive(file)
      expect(yield* reader.end).toBe(truth.length + 500)
      expect((yield* allEntries(reader)).at(-1)).toMatchObject({
        kind: "gap",
        from: truth.length,
        to: truth.length + 500
      })
      expect(yield* reader.read(truth.length, 10)).toMatchObject({ from: truth.length + 500, missing: 500 })
    })
  )

  it.live("is made again after a crash while it was written, and left alone after one when it was", () =>
    Effect.gen(function* () {
      const { directory, file } = yield* setUp
      writeFileSync(`${file}.tmp`, "half of an archive")
      yield* archive({ directory, file })
      const made = readFileSync(file)
      expect(readdirSync(dirname(file))).toHaveLength(1)
      mkdirSync(directory)
      writeFileSync(join(directory, "header.json"), JSON.stringify(header()))
      yield* archive({ directory, file })
      expect(existsSync(directory)).toBe(false)
      expect(readFileSync(file).equals(made)).toBe(true)
    })
  )

  it.live("says that it is damaged, wherever a byte was changed or cut off, and never gives wrong bytes", () =>
    Effect.gen(function* () {
      const { root, file } = yield* archived
      const whole = readFileSync(file)
      const bad = join(root, "ses_BAD.cast.zst")
      for (let i = 0; i < 60; i++) {
        const damaged = Buffer.from(whole)
        const at = Math.floor((i / 60) * whole.length)
        damaged[at]! ^= 0xff
        writeFileSync(bad, damaged)
        if (i % 2 === 1) truncateSync(bad, at)
        const read = yield* Effect.exit(Effect.flatMap(openArchive(bad), (reader) => allEntries(reader)))
        expect(Exit.isFailure(read)).toBe(true)
        expect(JSON.stringify(read)).toContain("TranscriptUnavailable")
      }
    })
  )
})

/** Plays a recording with the player's own engine, without a page: it needs none for loading and seeking. */
const play = async (text: string) => {
  const player = "node_modules/asciinema-player/dist"
  const load = (name: string): Promise<Record<string, never>> =>
    import(pathToFileURL(globSync(`${player}/${name}-*.js`)[0]!).href)
  const [{ C: Core }, { D: Logger }] = await Promise.all([load("core"), load("logging")])
  return run(Core as unknown as PlayerCore, new (Logger as unknown as new () => unknown)())
  async function run(core: PlayerCore, logger: unknown) {
    const result = { text: "", sizes: [] as Array<string>, errors: [] as Array<unknown>, duration: 0 }
    const instance = new core({ data: () => new Response(text) }, { logger, preload: true, speed: 1 })
    instance.addEventListener("output", (data) => {
      result.text += Array.isArray(data) ? data.join("") : String(data)
    })
    instance.addEventListener("resize", (size) => result.sizes.push(`${Object.values(size as object).join("x")}`))
    instance.addEventListener("error", (error) => result.errors.push(error))
    instance.terminalReady()
    await instance.init()
    await instance.seek("100%")
    result.duration = await instance.getDuration()
    await instance.stop()
    return result
  }
}

interface PlayerCore {
  new (
    source: unknown,
    options: unknown
  ): {
    addEventListener(name: string, listener: (data: unknown) => void): void
    terminalReady(): void
    init(): Promise<void>
    seek(where: string): Promise<unknown>
    getDuration(): Promise<number>
    stop(): Promise<void>
  }
}
