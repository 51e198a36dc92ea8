/** What is kept of sessions that have ended, for how long, and what comes in from elsewhere. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { openStandalone } from "../../src/daemon/Standalone.ts"
import { retain } from "../../src/sessions/life/Retain.ts"
import { openDaemon, placesUnder, refusal, temporary, User } from "./support.ts"

/** A standalone run: what it does in its own directory, and the directory once it is over. */
const standalone = async <A>(work: (user: User) => Promise<A>, directory = temporary()) => {
  const run = await openStandalone(directory)
  const user = new User({ connect: run.connect })
  onTestFinished(() => run.close().catch(() => {}))
  const result = await work(user)
  await user.client.close()
  await run.close()
  return { result, directory }
}

describe("retention", () => {
  it("removes sessions that ended too long ago, with their files, and says so", async () => {
    const daemon = await openDaemon({ config: { "transcript.keep_for": "1s" } })
    const { session: old } = await daemon.run("echo old")
    const { id: live } = await daemon.start(["sleep", "60"])
    await daemon.effect(retain())
    expect((await daemon.call("session.list", { all: true })).sessions).toHaveLength(2)
    await expect.poll(() => Date.now() - old.exit.at, { timeout: 5_000 }).toBeGreaterThan(1_000)
    const { session: young } = await daemon.run("echo young")
    await daemon.effect(retain())
    const { sessions } = await daemon.call("session.list", { all: true })
    expect(sessions.map(({ id }) => id).sort()).toEqual([live, young.id].sort())
    expect(readdirSync(daemon.places.transcripts).filter((name) => name.startsWith(old.id))).toEqual([])
    const { events } = await daemon.call("event.list", { session: old.id })
    expect(events.at(-1)!.body).toMatchObject({ type: "session.removed", by: "retention" })
  })

  it("removes the oldest until the rest fits into the space there is for them", async () => {
    const directory = temporary()
    const daemon = await openDaemon({ directory })
    const ids: Array<string> = []
    for (let n = 0; n < 4; n++) {
      const { id } = await daemon.start("head -c 30000 /dev/urandom | base64")
      await daemon.ended(id)
      await expect.poll(async () => (await daemon.call("session.get", { session: id })).transcript).toMatch(/zst$/)
      ids.push(id)
    }
    const size = statSync((await daemon.call("session.get", { session: ids[0]! })).transcript!).size
    await daemon.close()
    // Applied by itself, as the daemon starts.
    const again = await openDaemon({ directory, config: { "transcript.keep_bytes": `${Math.floor(size * 2.5)}B` } })
    const kept = async () => (await again.call("session.list", { all: true })).sessions.map(({ id }) => id)
    await expect.poll(kept).toEqual(ids.slice(2))
    expect(readdirSync(again.places.transcripts)).toHaveLength(2)
  })
})

describe("a daemon that starts", () => {
  it("finishes what the one before it could not", async () => {
    const directory = temporary()
    const daemon = await openDaemon({ directory })
    const { session } = await daemon.run("echo kept")
    await daemon.close()
    const stray = join(placesUnder(directory).transcripts, "ses_00000000000000000000000001")
    mkdirSync(stray)
    writeFileSync(join(placesUnder(directory).runtime, "ses_00000000000000000000000001.stdin"), "")
    const again = await openDaemon({ directory })
    expect((await again.output(session.id)).toString()).toBe("kept\r\n")
    // Nothing says that it was removed, so it may be somebody's.
    expect(existsSync(stray)).toBe(true)
    expect(readdirSync(again.places.runtime).filter((name) => name.endsWith(".stdin"))).toEqual([])
  })
})

describe("a standalone run", () => {
  it("is taken in with its events, its output and its end, once however often it is asked for", async () => {
    const { directory, result } = await standalone((user) =>
      user.run("echo from afar; exit 3", { name: "afar", tags: ["ci"] })
    )
    const daemon = await openDaemon()
    const { session: own } = await daemon.run("echo own")
    const first = await daemon.call("session.import", { path: directory })
    expect(first.sessions).toEqual([result.session.id])
    expect(first.events).toBeGreaterThan(1)
    const taken = await daemon.call("session.get", { session: "afar" })
    expect(taken).toMatchObject({
      id: result.session.id,
      tags: ["ci"],
      createdAt: result.session.createdAt,
      exit: result.session.exit,
      status: "exited"
    })
    expect(taken.transcript!.startsWith(daemon.places.transcripts)).toBe(true)
    expect((await daemon.output("afar")).toString()).toBe("from afar\r\n")
    const { last } = await daemon.call("event.list", {})
    expect(await daemon.call("session.import", { path: directory })).toEqual({ sessions: first.sessions, events: 0 })
    const files = readdirSync(daemon.places.transcripts).filter((name) => !name.startsWith(own.id))
    expect(files).toEqual([`${taken.id}.cast.zst`])
    expect((await daemon.call("event.list", {})).last - last).toBeLessThanOrEqual(1)
  })

  it("that was cut off is taken in as interrupted, with what it had printed", async () => {
    const directory = temporary()
    const run = await openStandalone(directory)
    const user = new User({ connect: run.connect })
    const { id } = await user.start("echo half; exec sleep 60")
    await user.printed(id, "half")
    const written = () =>
      readdirSync(directory, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".raw"))
        .map((name) => readFileSync(join(directory, name), "utf8"))
    await expect.poll(written).toEqual(["half\r\n"])
    const daemon = await openDaemon()
    // Its files as a kill would leave them.
    const copy = temporary()
    cpSync(directory, copy, { recursive: true })
    await user.client.close()
    await run.close()
    await daemon.call("session.import", { path: copy })
    expect(await daemon.call("session.get", { session: id })).toMatchObject({
      status: "interrupted",
      exit: { by: "lost" }
    })
    expect((await daemon.output(id)).toString()).toBe("half\r\n")
  })

  it("is refused when there is none, or when its name is a live session's", async () => {
    const daemon = await openDaemon()
    expect(await refusal(daemon.call("session.import", { path: temporary() }))).toMatchObject({ tag: "Conflict" })
    expect(await refusal(daemon.call("session.import", { path: "/nowhere" }))).toMatchObject({ tag: "Conflict" })
    const { directory } = await standalone((user) => user.run("true", { name: "both" }))
    await daemon.start(["sleep", "60"], { name: "both" })
    expect(await refusal(daemon.call("session.import", { path: directory }))).toMatchObject({ tag: "NameTaken" })
    expect((await daemon.call("session.list", { all: true })).sessions).toHaveLength(1)
  })
})
