/** Thousands of sessions come and go, and nothing of them stays but what is meant to. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Client } from "../../src/client/Client.ts"
import { spawnDaemon } from "./support.ts"

const SESSIONS = Number(process.env.AGENTD_TEST_SESSIONS ?? 1_000)

/** How many are under way at a time: what one connection may ask for. */
const AT_ONCE = 32

const status = (pid: number, field: string) =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1])

const descriptors = (pid: number) =>
  readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return ""
    }
  })

const childrenOf = (pid: number) =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean)
  )

const inTurn = async (count: number, work: (n: number) => Promise<void>) => {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

describe(`${SESSIONS} sessions, started and ended as fast as they can be`, () => {
  it("leave no descriptor, thread, process or file behind", { timeout: SESSIONS * 100 }, async () => {
    const { daemon, sandbox, user } = await spawnDaemon()
    // Once through everything, so that what is made on first use is there.
    await user.run("true")
    await user.run("cat", { stdin: "pipe", ttlMs: 1 }).catch(() => {})
    const settled = async () => readdirSync(sandbox.transcripts).filter((name) => !name.endsWith(".zst")).length
    await expect.poll(settled).toBe(0)
    const before = { fds: descriptors(daemon.pid), threads: status(daemon.pid, "Threads") }

    const begun = performance.now()
    await inTurn(SESSIONS, async (n) => {
      // Most end by themselves, some are stopped, some removed while they run.
      const kind = n % 10
      const argv = kind < 8 ? ["true"] : ["sleep", "60"]
      const { id } = await user.call("session.start", { argv, cwd: "/" })
      if (kind < 8) await user.ended(id)
      else if (kind === 8) await user.call("session.stop", { session: id })
      else await user.call("session.remove", { session: id, force: true })
    })
    const seconds = (performance.now() - begun) / 1000
    console.log(`${SESSIONS} sessions in ${seconds.toFixed(1)} s: ${(SESSIONS / seconds).toFixed(0)} a second`)

    await expect.poll(settled, { timeout: 30_000 }).toBe(0)
    await expect.poll(() => childrenOf(daemon.pid), { timeout: 10_000 }).toEqual([])
    const left = () => descriptors(daemon.pid).filter((path) => /pts|ptmx|transcripts|stdin/.test(path))
    await expect.poll(left, { timeout: 10_000 }).toEqual([])
    expect(descriptors(daemon.pid).length).toBeLessThanOrEqual(before.fds.length + 3)
    await expect.poll(() => status(daemon.pid, "Threads"), { timeout: 10_000 }).toBeLessThanOrEqual(before.threads + 1)
    expect(sandbox.processes().map(({ pid }) => pid)).toEqual([daemon.pid])
    const removed = Math.floor(SESSIONS / 10)
    expect(readdirSync(sandbox.transcripts)).toHaveLength(SESSIONS - removed + 2)
    expect(readdirSync(sandbox.runtime).sort()).toEqual(["agentd.pid", "api.sock"])
    const { sessions } = await user.call("daemon.status", {})
    expect(sessions).toEqual({ live: 0, ended: SESSIONS - removed + 2 })
    // And it serves as before.
    await using other = new Client({ socket: join(sandbox.runtime, "api.sock") })
    expect(await other.call("health", { echo: "still" })).toEqual({ ok: true, echo: "still" })
  })
})
