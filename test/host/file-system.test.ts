import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FileSystem } from "effect"
import * as OurFileSystem from "../../src/host/files/FileSystem.ts"

const folder = mkdtempSync(join(tmpdir(), "agentd-files-"))
afterAll(() => rmSync(folder, { recursive: true }))

mkdirSync(join(folder, "conf.d"))
writeFileSync(join(folder, "conf.d/a.toml"), "a = 1\n", { mode: 0o640 })
writeFileSync(join(folder, "conf.d/b.toml"), "")
symlinkSync("loop", join(folder, "loop"))

type Use = (fs: FileSystem.FileSystem) => Effect.Effect<unknown, unknown>

/** Success, or the kind of failure that configuration tells apart. */
const outcome = (use: Use, layer: typeof NodeFileSystem.layer) =>
  Effect.runPromiseExit(Effect.provide(Effect.flatMap(FileSystem.FileSystem, use), layer)).then(
    Exit.match({
      onSuccess: (value) => ({ value }),
      onFailure: (cause) => ({
        failed: (cause.reasons[0] as { error?: { reason: { _tag: string } } }).error?.reason._tag
      })
    })
  )

const cases: ReadonlyArray<readonly [string, Use]> = [
  ["a directory's names", (fs) => Effect.map(fs.readDirectory(join(folder, "conf.d")), (names) => [...names].sort())],
  ["a file's bytes", (fs) => Effect.map(fs.readFile(join(folder, "conf.d/a.toml")), (bytes) => [...bytes])],
  ["what a file is", (fs) => fs.stat(join(folder, "conf.d/a.toml"))],
  ["what a directory is", (fs) => Effect.map(fs.stat(folder), ({ mode, type, uid }) => ({ mode, type, uid }))],
  ["a missing file", (fs) => fs.stat(join(folder, "nowhere"))],
  ["a missing directory", (fs) => fs.readDirectory(join(folder, "nowhere"))],
  ["a file where a directory should be", (fs) => fs.readDirectory(join(folder, "conf.d/a.toml"))],
  ["a directory where a file should be", (fs) => fs.readFile(folder)],
  ["a link to itself", (fs) => fs.stat(join(folder, "loop"))]
]

describe("configuration is read as Effect's own file system would read it", () => {
  it.each(cases)("%s", async (_, use) => {
    const [ours, theirs] = [await outcome(use, OurFileSystem.layer), await outcome(use, NodeFileSystem.layer)]
    assert.deepStrictEqual(ours, theirs)
    assert.isDefined("value" in ours ? ours.value : ours.failed)
  })
})
