import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { EventLog } from "../../src/store/EventLog.ts"
import { appended, store, temporaryDirectory } from "./fixture.ts"

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Runs the appender until it has acknowledged so many events, kills it, and answers all it had acknowledged. */
const killAfter = (directory: string, first: number, events: number) =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    const child = spawn(
      process.execPath,
      ["--import", here("driverAlias.ts"), here("appender.ts"), directory, `${first}`],
      {
        stdio: ["ignore", "pipe", "inherit"]
      }
    )
    let printed = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text
      if (printed.split("\n").length > events) child.kill("SIGKILL")
    })
    // "close" comes after the last byte of its output. A line without its end was cut off by the kill.
    child.on("close", () =>
      resume(
        Effect.succeed(
          printed
            .split("\n")
            .slice(0, -1)
            .filter((line) => /^\d/.test(line))
        )
      )
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })

describe("a daemon that is killed", () => {
  it.live("has every event it acknowledged, in order, and tables that agree with them", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const acknowledged: Array<string> = []
      for (const events of [100, 1, 300]) {
        const before = acknowledged.length
        acknowledged.push(...(yield* killAfter(directory, before * 10, events)))
        assert.isAtLeast(acknowledged.length - before, events)
        yield* Effect.gen(function* () {
          const log = yield* EventLog
          const { events: stored } = yield* log.read({ after: 0, limit: Number.MAX_SAFE_INTEGER })
          const lines = new Set(stored.map(({ id, seq }) => `${seq} ${id}`))
          assert.deepStrictEqual(
            acknowledged.filter((line) => !lines.has(line)),
            []
          )
          assert.deepStrictEqual(
            stored.map(({ seq }) => seq),
            stored.map((_, index) => index + 1)
          )
          assert.deepStrictEqual(yield* log.compare, [])
          const starts = yield* log.query((sql) => sql<{ seq: number }>`SELECT seq FROM starts ORDER BY seq`)
          assert.deepStrictEqual(
            starts.map(({ seq }) => seq),
            stored.filter(({ body }) => body.type === "daemon.started").map(({ seq }) => seq)
          )
        }).pipe(Effect.provide(store(directory, appended)))
      }
    })
  )
})
