/** A session's end at moments that real programs hit too rarely to be tested with. */
import { closeSync, openSync, read as readWith } from "node:fs"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { PtyMaster } from "../../src/host/pty/PtyMaster.ts"
import { Typists } from "../../src/sessions/input/Typists.ts"
import { LiveSession } from "../../src/sessions/running/LiveSession.ts"
import { Ring } from "../../src/sessions/running/Ring.ts"

/** A session whose program has just ended with code 0, and the other side of its terminal. */
const ended = () => {
  const terminal = { paused: false, closed: false, data: (_: Buffer) => {}, end: () => {} }
  const master: PtyMaster = {
    start: (onData, onEnd) => {
      terminal.data = onData
      terminal.end = onEnd
    },
    write: () => {},
    backlog: () => 0,
    resize: () => {},
    pause: () => {
      terminal.paused = true
    },
    resume: () => {
      terminal.paused = false
    },
    close: () => {
      terminal.closed = true
    },
    handOver: () => null
  }
  const live = new LiveSession({
    id: "ses_00000000000000000000000000",
    launched: { pid: 1, startTime: null, master, ended: Effect.succeed({ code: 0, signal: null }) },
    recorder: { append: () => {}, resize: () => {} },
    ring: new Ring(1024),
    stdin: null,
    typists: new Typists(),
    cols: 80,
    rows: 24,
    deadline: null,
    now: () => 0
  })
  return { live, terminal }
}

const block = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

describe("a session whose program has ended", () => {
  it("looks at the terminal once more when the event loop was held up meanwhile", async () => {
    const { live, terminal } = ended()
    const file = openSync(new URL(import.meta.url), "r")
    const over = Effect.runPromise(live.awaitEnd())
    // Arrives as terminal output does: with the event loop's next look at what is there to read.
    readWith(file, Buffer.alloc(10), 0, 10, 0, (_, __, bytes) => terminal.data(bytes))
    block(500)
    await over
    closeSync(file)
    expect([live.end, terminal.closed]).toEqual([10, true])
  })

  it("takes the rest although its reader was asked to wait, and is not asked again", async () => {
    const { live, terminal } = ended()
    live.hold(true)
    expect(terminal.paused).toBe(true)
    const over = Effect.runPromise(live.awaitEnd())
    expect(terminal.paused).toBe(false)
    live.hold(true)
    expect(terminal.paused).toBe(false)
    terminal.data(Buffer.from("rest"))
    terminal.end()
    await over
    expect(live.end).toBe(4)
  })

  it("does not wait for silence once the terminal itself has ended", async () => {
    const { live, terminal } = ended()
    const begun = performance.now()
    terminal.end()
    await Effect.runPromise(live.awaitEnd())
    expect(performance.now() - begun).toBeLessThan(90)
  })
})
