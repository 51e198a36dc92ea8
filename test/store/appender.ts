/** A process to kill: appends to the log in the directory it is given, with
 * sessions numbered from the second argument on, and prints every event that was acknowledged. */
import { writeSync } from "node:fs"
import { Effect } from "effect"
import { EventLog } from "../../src/store/EventLog.ts"
import { appended, daemonStarted, sessionEnded, sessionStarted, store } from "./fixture.ts"

const lane = (log: EventLog["Service"], first: number) =>
  Effect.gen(function* () {
    for (let n = first; ; n += 8) {
      for (const body of [sessionStarted(n), daemonStarted(n), sessionEnded(n)]) {
        const { id, seq } = yield* log.append(body)
        // At once and in one write: what is printed was acknowledged, what was acknowledged is printed.
        writeSync(1, `${seq} ${id}\n`)
      }
    }
  })

Effect.runFork(
  Effect.flatMap(EventLog, (log) =>
    Effect.all(
      Array.from({ length: 8 }, (_, n) => lane(log, Number(process.argv[3]) + n)),
      { concurrency: "unbounded" }
    )
  ).pipe(Effect.provide(store(process.argv[2]!, appended)))
)
