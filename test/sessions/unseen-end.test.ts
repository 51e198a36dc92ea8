/** A session that ended while no daemon ran, and whose service manager has forgotten how. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync } from "node:fs"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { Pty } from "../../src/host/pty/Pty.ts"
import { append } from "../backup/support.ts"
import { sessionId, sessionStarted } from "../store/fixture.ts"
import { openDaemon, placesUnder, temporary } from "./support.ts"

const openPty = Effect.runPromise(Effect.flatMap(Pty, (pty) => pty.open(80, 24)).pipe(Effect.provide(Pty.layer)))

it("is interrupted, and its last words are in its recording", async () => {
  const places = placesUnder(temporary())
  const session = sessionId(1)
  await append(
    places.state,
    { ...sessionStarted(1, "forgotten"), launcher: "systemd" },
    { type: "session.running", session, pid: 999_999, startTime: "1" }
  )
  const { fd, slaveFd } = await openPty
  const program = spawn("sh", ["-c", "seq 1 300; echo its last words"], { stdio: ["ignore", slaveFd, slaveFd] })
  await once(program, "exit")
  closeSync(slaveFd)

  // No systemd manages this test: no unit of that name is known to any, and its end is in no file.
  const kept: Array<string> = [`session-${session}`]
  const { call } = await openDaemon({
    places,
    store: {
      inherited: [{ fd, name: `session-${session}` }],
      available: true,
      unavailable: null,
      store: () => Effect.succeed(true),
      remove: (name) => Effect.sync(() => void kept.splice(kept.indexOf(name), 1))
    }
  })
  const found = await call("session.get", { session })
  expect(found).toMatchObject({ status: "interrupted", exit: { by: "lost", code: null, signal: null } })
  const { data } = await call("session.output", { session, format: "text" })
  const numbers = Array.from({ length: 300 }, (_, n) => `${n + 1}\n`).join("")
  expect(data).toBe(`${numbers}its last words\n`)
  expect(kept).toEqual([])
  const { events } = await call("event.list", {})
  expect(events.map(({ body }) => body.type).slice(-3)).toEqual([
    "session.adopted",
    "session.ended",
    "session.archived"
  ])
})
