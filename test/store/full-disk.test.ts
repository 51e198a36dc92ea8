import { spawnSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { StorageUnavailable } from "../../src/contract/errors/Errors.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { sessionStarted, store } from "./fixture.ts"

const MiB = 1024 * 1024

const mount = (directory: string) =>
  spawnSync("mount", ["-t", "tmpfs", "-o", `size=${2 * MiB},mode=700`, "tmpfs", directory])

/** Why no small file system can be mounted here; null where it can. */
const reason = (() => {
  if (process.platform !== "linux") return "tmpfs is Linux's"
  const directory = mkdtempSync(join(tmpdir(), "agentd-mount-"))
  const mounted = mount(directory)
  if (mounted.status === 0) spawnSync("umount", [directory])
  rmSync(directory, { recursive: true, force: true })
  return mounted.status === 0 ? null : `mount: ${mounted.error?.message ?? mounted.stderr.toString().trim()}`
})()
if (reason !== null) console.warn(`Skipped: the tests of a full disk, because none can be mounted here (${reason})`)

const smallDisk = Effect.acquireRelease(
  Effect.sync(() => {
    const directory = mkdtempSync(join(tmpdir(), "agentd-full-"))
    assert.strictEqual(mount(directory).status, 0)
    return directory
  }),
  (directory) =>
    Effect.sync(() => {
      assert.strictEqual(spawnSync("umount", [directory]).status, 0)
      rmSync(directory, { recursive: true, force: true })
    })
)

/** Takes all the space that is left. */
const fill = (directory: string) => {
  const fd = openSync(join(directory, "filler"), "w")
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096))
  } catch (error) {
    assert.include(String(error), "ENOSPC")
  } finally {
    closeSync(fd)
  }
  assert.strictEqual(statfsSync(directory).bavail, 0)
}

const large = (n: number) => ({ ...sessionStarted(n), cwd: `/${"x".repeat(20_000)}` })

describe.skipIf(reason !== null)("a full disk", () => {
  it.live("refuses appends, keeps what was acknowledged, and the same log appends again once there is space", () =>
    Effect.gen(function* () {
      const directory = yield* smallDisk
      const acknowledged = yield* Effect.gen(function* () {
        const log = yield* EventLog
        const before = yield* log.append(large(1))
        fill(directory)
        const refused = yield* Effect.all(
          [2, 3, 4].map((n) => Effect.flip(log.append(large(n)))),
          { concurrency: "unbounded" }
        )
        for (const error of refused) {
          assert.instanceOf(error, StorageUnavailable)
          assert.match(error.message, /disk that holds .*agentd\.db is full/)
        }
        assert.strictEqual(yield* log.last, 1)
        assert.deepStrictEqual((yield* log.read({ after: 0, limit: 10 })).events, [before])
        rmSync(join(directory, "filler"))
        const after = yield* log.append(large(5))
        assert.strictEqual(after.seq, 2)
        assert.deepStrictEqual(yield* log.compare, [])
        return [before, after]
      }).pipe(Effect.provide(store(directory)))
      const reopened = yield* Effect.flatMap(EventLog, (log) => log.read({ after: 0, limit: 10 })).pipe(
        Effect.provide(store(directory))
      )
      assert.deepStrictEqual(reopened.events, acknowledged)
    })
  )

  it.live("may fill up in the middle of many appends: exactly the acknowledged ones are there", () =>
    Effect.gen(function* () {
      const directory = yield* smallDisk
      yield* Effect.gen(function* () {
        const log = yield* EventLog
        const results = yield* Effect.all(
          Array.from({ length: 300 }, (_, n) => Effect.option(log.append(large(n)))),
          { concurrency: 7 }
        )
        const acknowledged = results.flatMap((result) => (result._tag === "Some" ? [result.value] : []))
        assert.isAbove(acknowledged.length, 0)
        assert.isBelow(acknowledged.length, results.length)
        assert.deepStrictEqual((yield* log.read({ after: 0, limit: 1_000 })).events, acknowledged)
        assert.deepStrictEqual(yield* log.compare, [])
      }).pipe(Effect.provide(store(directory)))
    })
  )

  it.live("refuses to open a database it cannot make, without a defect", () =>
    Effect.gen(function* () {
      const directory = yield* smallDisk
      fill(directory)
      const error = yield* Effect.flip(Effect.provide(EventLog, store(directory)))
      assert.instanceOf(error, StorageUnavailable)
      rmSync(join(directory, "filler"))
      yield* Effect.provide(EventLog, store(directory))
    })
  )
})
