import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, type Scope } from "effect"
import { archive, openArchive } from "../../src/sessions/transcript/Archive.ts"
import { liveReader } from "../../src/sessions/transcript/LiveReader.ts"
import type { TranscriptEntry } from "../../src/sessions/transcript/Transcript.ts"
import {
  openTranscript,
  PENDING_BYTES,
  type TranscriptOptions,
  type TranscriptWriter
} from "../../src/sessions/transcript/TranscriptWriter.ts"
import { allEntries, header, outputOf, pattern, START, temporaryDirectory } from "./transcript-support.ts"

const MIB = 1024 * 1024
const DISK = 6 * MIB

/** A file system of 6 MiB; null where this process may not mount one. */
const smallDisk: Effect.Effect<string | null, never, Scope.Scope> = Effect.gen(function* () {
  const path = yield* temporaryDirectory
  const mounted = yield* Effect.acquireRelease(
    Effect.sync(() => {
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK}`, "agentd-test", path], { stdio: "pipe" })
        return true
      } catch (error) {
        console.log(`Not tested with a full disk: mounting a small tmpfs was refused (${String(error).split("\n")[0]})`)
        return false
      }
    }),
    (done) => Effect.sync(() => done && execFileSync("umount", [path]))
  )
  return mounted ? path : null
})

const CHUNK = 4096
// Printable: packing random bytes into asciicast would be most of the time.
const truth = pattern(24 * MIB).map((byte) => 0x20 + (byte % 95)) as Buffer
const append = (writer: TranscriptWriter, bytes: number) => {
  for (const end = Math.min(writer.offset + bytes, truth.length); writer.offset < end; ) {
    writer.append(truth.subarray(writer.offset, Math.min(writer.offset + CHUNK, end)), START + writer.offset / 1000)
  }
}

/** Every entry where the truth has it, gaps exactly between: nothing shifted, nothing passed over in silence. */
const expectHonest = (entries: ReadonlyArray<TranscriptEntry>, end: number) => {
  let next = 0
  for (const entry of entries) {
    if (entry.kind === "resize") continue
    if ((entry.kind === "gap" ? entry.from : entry.offset) !== next) throw new Error(`expected ${next}: ${entry.kind}`)
    const to = entry.kind === "gap" ? entry.to : next + entry.bytes.length
    if (entry.kind === "output" && !truth.subarray(next, to).equals(entry.bytes)) throw new Error(`wrong at ${next}`)
    next = to
  }
  expect(next).toBe(end)
}

/** Fills what is left of the disk beside the transcript, records until bytes are lost, and makes space again. */
const fillAndFree = Effect.fnUntraced(function* (path: string, options: Partial<TranscriptOptions> = {}) {
  const problems: Array<string | null> = []
  const directory = join(path, "live")
  const recovered = yield* Deferred.make<void>()
  const onHealth = (problem: string | null) => {
    problems.push(problem)
    if (problem === null) Deferred.doneUnsafe(recovered, Exit.void)
  }
  const writer = yield* openTranscript({ directory, header: header(), onHealth, ...options })
  append(writer, MIB)
  yield* writer.flush
  const ballast = join(path, "ballast")
  try {
    writeFileSync(ballast, pattern(DISK))
  } catch {
    // As much as fits.
  }
  append(writer, MIB)
  yield* writer.flush
  expect(writer.problem).toBe("ENOSPC")
  return { writer, directory, ballast, problems, recovered }
})

describe("a disk that is full during a recording", () => {
  it.live("costs a gap that is told, not the program, and recording goes on once there is space", () =>
    Effect.gen(function* () {
      const path = yield* smallDisk
      if (path === null) return
      const { writer, directory, ballast, problems } = yield* fillAndFree(path)
      append(writer, PENDING_BYTES)
      expect(writer.pressure).toBe(false)
      expect(writer.pendingBytes).toBeLessThanOrEqual(PENDING_BYTES)
      expect(writer.unrecorded).toBeGreaterThan(0)
      const lost = writer.unrecorded
      rmSync(ballast)
      // What waits is more than the disk has; its oldest segment cannot go, so the rest stays in memory.
      yield* writer.flush
      expect(writer.offset).toBe(2 * MIB + PENDING_BYTES)
      execFileSync("mount", ["-o", `remount,size=${8 * DISK}`, path])
      yield* writer.flush
      expect(problems.at(-1)).toBe(null)
      append(writer, MIB)
      yield* writer.flush
      expect(writer.unrecorded).toBe(lost)
      const reader = liveReader(writer)
      const entries = yield* allEntries(reader)
      expectHonest(entries, writer.offset)
      const gaps = entries.flatMap((entry) => (entry.kind === "gap" ? [entry.to - entry.from] : []))
      expect(gaps).toEqual([lost])
      expect(outputOf(entries).length).toBe(writer.offset - lost)

      yield* writer.close
      const file = `${directory}.cast.zst`
      yield* archive({ directory, file })
      expectHonest(yield* allEntries(yield* openArchive(file)), writer.offset)
    })
  )

  it.live("loses nothing at all while what waits fits into memory", () =>
    Effect.gen(function* () {
      const path = yield* smallDisk
      if (path === null) return
      const { writer, ballast, problems, recovered } = yield* fillAndFree(path)
      append(writer, MIB)
      rmSync(ballast)
      // The writer tries again by itself.
      yield* Deferred.await(recovered)
      expect(problems).toEqual(["ENOSPC", null])
      expect(writer.unrecorded).toBe(0)
      expectHonest(yield* allEntries(liveReader(writer)), 3 * MIB)
    })
  )

  it.live("shows the newest output from memory meanwhile", () =>
    Effect.gen(function* () {
      const path = yield* smallDisk
      if (path === null) return
      const { writer } = yield* fillAndFree(path)
      append(writer, PENDING_BYTES)
      const start = writer.offset - MIB
      const recent = { start, end: writer.offset, read: (from: number, n: number) => truth.subarray(from, from + n) }
      const reader = liveReader(writer, {
        ...recent,
        read: (from, n) => recent.read(from, Math.min(n, recent.end - from))
      })
      expect(
        Buffer.from((yield* reader.read(start + 5, 100)).bytes).equals(truth.subarray(start + 5, start + 105))
      ).toBe(true)
      expectHonest(yield* allEntries(reader), writer.offset)
    })
  )

  it.live("holds the program instead, if that is what was asked for", () =>
    Effect.gen(function* () {
      const path = yield* smallDisk
      if (path === null) return
      const told: Array<boolean> = []
      const { writer, ballast } = yield* fillAndFree(path, {
        onDiskFull: "hold",
        onPressure: (hold) => told.push(hold)
      })
      while (!writer.pressure) append(writer, CHUNK)
      expect(writer.unrecorded).toBe(0)
      rmSync(ballast)
      execFileSync("mount", ["-o", `remount,size=${8 * DISK}`, path])
      yield* writer.flush
      expect(told).toEqual([true, false])
      expectHonest(yield* allEntries(liveReader(writer)), writer.offset)
    })
  )

  it.live("leaves the directory as it is when the archive does not fit, and no half archive", () =>
    Effect.gen(function* () {
      const path = yield* smallDisk
      if (path === null) return
      const { writer, directory, ballast } = yield* fillAndFree(path)
      yield* writer.close
      const file = `${directory}.cast.zst`
      const failed = yield* Effect.exit(archive({ directory, file, end: writer.offset }))
      expect(Exit.isFailure(failed) && JSON.stringify(failed).includes("ENOSPC")).toBe(true)
      expect(readdirSync(path).sort()).toEqual(["ballast", "live"])
      rmSync(ballast)
      yield* archive({ directory, file, end: writer.offset })
      expect(existsSync(directory)).toBe(false)
      expectHonest(yield* allEntries(yield* openArchive(file)), writer.offset)
    })
  )
})
