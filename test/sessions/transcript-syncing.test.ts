/** What live sessions print comes to disk by itself, every few seconds, and nobody waits for it. */
import { rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { expect } from "vitest"
import { Settings } from "../../src/config/Settings.ts"
import { Directories } from "../../src/host/files/Directories.ts"
import * as FileSystem from "../../src/host/files/FileSystem.ts"
import { Recordings } from "../../src/sessions/transcript/Recordings.ts"
import { SYNC_EVERY_MS, SyncFile } from "../../src/sessions/transcript/Syncing.ts"
import { placesUnder, temporary } from "./support.ts"
import { header, START } from "./transcript-support.ts"

const nothing = { start: 0, end: 0, read: () => new Uint8Array() }

/** A recording as the daemon makes it; `sync` is told what is put on disk. It closes with `scope`. */
const record = (sync: (path: string) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const places = placesUnder(temporary())
    const roots = { vendor: "/nowhere", admin: "/nowhere", user: places.config, uid: process.getuid?.() ?? 0 }
    const services = yield* Layer.build(
      Recordings.layer.pipe(
        Layer.provide(Layer.merge(Settings.layer({ roots }), Layer.succeed(Directories, places))),
        Layer.provide(FileSystem.layer),
        Layer.provide(Layer.succeed(SyncFile, sync))
      )
    )
    const recordings = Context.get(services, Recordings)
    const scope = yield* Scope.make()
    const { writer } = yield* recordings.open(header(), nothing, () => {}).pipe(Scope.provide(scope))
    const print = Effect.suspend(() => {
      writer.append(Buffer.from("something\n"), START)
      return writer.flush
    })
    return { directory: recordings.directory(header().session), print, close: Scope.close(scope, Exit.void), writer }
  })

const FIRST = "00000000000000000000"

it.effect("what was written is put on disk in the next round, its names too, and what was not is left alone", () =>
  Effect.gen(function* () {
    const synced: Array<string> = []
    const { close, directory, print } = yield* record((path) => Effect.sync(() => void synced.push(path)))
    yield* print
    expect(synced).toEqual([])
    yield* TestClock.adjust(SYNC_EVERY_MS)
    const [raw, idx] = [join(directory, `${FIRST}.raw`), join(directory, `${FIRST}.idx`)]
    expect(synced.splice(0).sort()).toEqual(
      [dirname(directory), directory, join(directory, "header.json"), raw, idx].sort()
    )
    yield* TestClock.adjust(SYNC_EVERY_MS * 3)
    expect(synced).toEqual([])
    yield* print
    yield* TestClock.adjust(SYNC_EVERY_MS)
    expect(synced.splice(0)[0]).toBe(raw)
    yield* print
    yield* close
    yield* TestClock.adjust(SYNC_EVERY_MS)
    expect(synced).toEqual([])
  })
)

it.effect("a disk that takes its time is asked for one file at a time, and holds nobody up", () =>
  Effect.gen(function* () {
    let [asked, done] = [0, 0]
    const { print, writer } = yield* record(() =>
      Effect.suspend(() => {
        asked += 1
        return Effect.andThen(
          Effect.sleep("1 hour"),
          Effect.sync(() => {
            done += 1
          })
        )
      })
    )
    yield* print
    yield* TestClock.adjust(SYNC_EVERY_MS)
    expect([asked, done]).toEqual([1, 0])
    for (let line = 0; line < 10; line++) yield* print
    expect(writer).toMatchObject({ flushed: 110, problem: null })
    yield* TestClock.adjust("1 hour")
    expect([asked, done]).toEqual([2, 1])
  })
)

it.effect("a file that has gone meanwhile keeps no other from it", () =>
  Effect.gen(function* () {
    const sync = yield* SyncFile
    const directory = temporary()
    const file = join(directory, "file")
    writeFileSync(file, "text")
    for (const path of [file, directory]) yield* sync(path)
    rmSync(file)
    yield* sync(file)
  })
)
