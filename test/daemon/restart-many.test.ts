/** Twenty restarts under twenty sessions that print all the time: no line lost, nothing kept that is not needed. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { Session } from "../../src/contract/session/Session.ts"
import { attach } from "../support/frames.ts"
import type { RawClient } from "../support/RawClient.ts"
import { complete, counter, follow, open, usage } from "../support/restart.ts"
import { startShell } from "../support/sessions.ts"

const SESSIONS = 20
const RESTARTS = 20

/** Bytes by which a process's memory varies from start to start. */
const NOISE_BYTES = 24 * 1024 * 1024

test("twenty restarts under twenty sessions", { timeout: 300_000 }, async () => {
  const { client, daemon, sandbox } = await open()
  const stop = join(sandbox.root, "stop")
  const sessions: Array<Session> = []
  const readers: Array<Promise<string>> = []
  for (let n = 0; n < SESSIONS; n++) {
    const session = await startShell(client, counter(stop, "sleep 0.1;"), { stdin: n % 4 === 0 ? "pipe" : "terminal" })
    sessions.push(session)
    const reader = await daemon.connect()
    await attach(reader, session.id, { lossy: "bytes" })
    readers.push(follow(reader)("done"))
  }
  await client.result("daemon.restart")
  const before = usage(daemon.pid)
  const pauses: Array<number> = []
  for (let n = 1; n < RESTARTS; n++) {
    const prober = await daemon.connect()
    const restarted = client.result("daemon.restart")
    pauses.push(await longestSilence(prober, restarted))
    prober.destroy()
  }
  const after = usage(daemon.pid)
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 2)
  expect(after.threads).toBeLessThanOrEqual(before.threads + 2)
  expect(after.resident).toBeLessThan(before.resident + NOISE_BYTES)
  writeFileSync(stop, "")
  for (const [at, text] of (await Promise.all(readers)).entries()) {
    expect(complete(text)).toBeGreaterThan(RESTARTS)
    expect(complete(await recorded(client, sessions[at]!.id))).toBe(complete(text))
    expect(sessions[at]!.pid).toBe((await client.result("session.get", { session: sessions[at]!.id })).pid)
  }
  pauses.sort((a, b) => a - b)
  const [median, worst] = [pauses[Math.floor(pauses.length / 2)]!, pauses.at(-1)!]
  console.log("after the first restart", before, "after the last", after)
  console.log(`pause of ${pauses.length} restarts: median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`)
})

/** All of a session's transcript. */
const recorded = async (client: RawClient, session: string): Promise<string> => {
  let text = ""
  for (let from = 0; ; ) {
    const page = await client.result("session.output", { session, from })
    if (page.next === from) return text
    text += Buffer.from(page.data, "base64").toString("latin1")
    from = page.next
  }
}

/** Asks on and on; the longest time an answer took until the restart was over. */
const longestSilence = async (prober: RawClient, restarted: Promise<unknown>): Promise<number> => {
  let over = false
  restarted.finally(() => {
    over = true
  })
  let longest = 0
  while (!over) {
    const asked = performance.now()
    await prober.result("health")
    longest = Math.max(longest, performance.now() - asked)
  }
  await restarted
  return longest
}
