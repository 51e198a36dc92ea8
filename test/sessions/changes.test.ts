/** Naming a session in a request, and changing one that is there. */
import { existsSync, readdirSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { openDaemon, refusal } from "./support.ts"

describe("a session is found", () => {
  it("by its id, a unique beginning of it, its name, and as the last one", async () => {
    const daemon = await openDaemon()
    const first = await daemon.start(["sleep", "60"], { name: "first" })
    const second = await daemon.start(["sleep", "60"], { name: "second" })
    const get = async (session: string) => (await daemon.call("session.get", { session })).id
    expect(await get(first.id)).toBe(first.id)
    expect(await get("first")).toBe(first.id)
    // The ids of sessions started one after the other differ in their last characters only.
    expect(await get(first.id.slice(0, -1))).toBe(first.id)
    expect(await get(first.id.slice(4, -1).toLowerCase())).toBe(first.id)
    expect(await get("-")).toBe(second.id)
    const attached = await daemon.client.attach({ session: "first" })
    await attached.detach()
    expect(await get("-")).toBe(first.id)
  })

  it("not by what fits none or several", async () => {
    const daemon = await openDaemon()
    const get = (session: string) => refusal(daemon.call("session.get", { session }))
    expect(await get("-")).toMatchObject({ tag: "SessionNotFound", message: expect.stringContaining("agentctl run") })
    const sessions = await Promise.all([daemon.start(["sleep", "60"]), daemon.start(["sleep", "60"])])
    expect(await get("nobody")).toMatchObject({ tag: "SessionNotFound", data: { session: "nobody" } })
    const ambiguous = await get("ses_0")
    expect(ambiguous.tag).toBe("SessionAmbiguous")
    expect([...(ambiguous.data.matches as Array<string>)].sort()).toEqual(sessions.map(({ id }) => id).sort())
    expect(await get("")).toMatchObject({ tag: "InvalidParams" })
    expect(await get("a\u001b[2J")).toMatchObject({ tag: "InvalidParams" })
  })

  it("by a live session's name before an ended one's, and by the newest of those that have ended", async () => {
    const daemon = await openDaemon()
    const get = async () => (await daemon.call("session.get", { session: "same" })).id
    const first = await daemon.run("true", { name: "same" })
    const second = await daemon.run("true", { name: "same" })
    expect(first.session.id).not.toBe(second.session.id)
    expect(await get()).toBe(second.session.id)
    const live = await daemon.start(["sleep", "60"], { name: "same" })
    expect(await get()).toBe(live.id)
  })
})

describe("the list", () => {
  it("shows live sessions, newest last, and ended ones when asked", async () => {
    const daemon = await openDaemon()
    const { session: ended } = await daemon.run("true", { name: "ended", tags: ["red"] })
    const a = await daemon.start(["sleep", "60"], { name: "a", tags: ["red", "blue"] })
    const b = await daemon.start('trap "" HUP TERM; echo ready; while :; do sleep 0.02; done', {
      name: "b",
      tags: ["blue"]
    })
    await daemon.printed("b", "ready")
    const names = async (filter: object) => (await daemon.call("session.list", filter)).sessions.map(({ name }) => name)
    expect(await names({})).toEqual(["a", "b"])
    expect(await names({ all: true })).toEqual(["ended", "a", "b"])
    expect(await names({ tag: "blue" })).toEqual(["a", "b"])
    expect(await names({ tag: "red" })).toEqual(["a"])
    expect(await names({ tag: "red", all: true })).toEqual(["ended", "a"])
    expect(await names({ tag: "green", all: true })).toEqual([])
    expect(await names({ status: "exited" })).toEqual(["ended"])
    expect(await names({ status: "running" })).toEqual(["a", "b"])
    const stopping = daemon.call("session.stop", { session: b.id, graceMs: 500 })
    await expect.poll(() => names({ status: "stopping" })).toEqual(["b"])
    expect(await names({ status: "running" })).toEqual(["a"])
    await stopping
    expect(await names({ status: "exited" })).toEqual(["ended", "b"])
    expect([ended.status, a.status]).toEqual(["exited", "running"])
  })
})

describe("renaming", () => {
  it("gives a live session another name and frees the old one", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"], { name: "old" })
    expect(await daemon.call("session.rename", { session: "old", name: "new" })).toMatchObject({ id, name: "new" })
    expect((await daemon.call("session.get", { session: "new" })).id).toBe(id)
    expect(await refusal(daemon.call("session.get", { session: "old" }))).toMatchObject({ tag: "SessionNotFound" })
    expect((await daemon.start(["sleep", "60"], { name: "old" })).name).toBe("old")
    expect(await refusal(daemon.call("session.rename", { session: "old", name: "new" }))).toMatchObject({
      tag: "NameTaken",
      data: { holder: id }
    })
    expect(await daemon.call("session.rename", { session: "new", name: "new" })).toMatchObject({ id })
    expect(await refusal(daemon.call("session.rename", { session: "new", name: "Bad name" }))).toMatchObject({
      tag: "InvalidParams",
      data: { field: "name" }
    })
  })

  it("of an ended session takes no name from anybody", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("true", { name: "done" })
    await daemon.start(["sleep", "60"], { name: "busy" })
    expect(await daemon.call("session.rename", { session: session.id, name: "busy" })).toMatchObject({ name: "busy" })
    expect((await daemon.call("session.get", { session: "busy" })).status).toBe("running")
  })

  it("at the moment of the end leaves every name to be had", async () => {
    const daemon = await openDaemon()
    for (let round = 0; round < 20; round++) {
      const { id } = await daemon.start("read go", { name: "before" })
      const ended = daemon.ended(id)
      daemon.call("session.input", { session: id, text: "\n" }).catch(() => {})
      await daemon.call("session.rename", { session: id, name: "after" })
      await ended
    }
    await daemon.start(["sleep", "60"], { name: "before" })
    await daemon.start(["sleep", "60"], { name: "after" })
  })
})

describe("tags", () => {
  it("are added and removed, each once", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"], { tags: ["a", "b"] })
    const tag = async (change: object) => (await daemon.call("session.tag", { session: id, ...change })).tags
    expect(await tag({ add: ["c", "a"], remove: ["b"] })).toEqual(["a", "c"])
    expect(await tag({ remove: ["zzz"] })).toEqual(["a", "c"])
    expect(await tag({ remove: ["a", "c"] })).toEqual([])
    expect(await refusal(tag({ add: ["a b"] }))).toMatchObject({ tag: "InvalidParams", data: { field: "add.0" } })
    await tag({ add: Array.from({ length: 32 }, (_, n) => `t${n}`) })
    expect(await refusal(tag({ add: ["one-more"] }))).toMatchObject({ tag: "InvalidParams", data: { field: "add" } })
  })

  it("are all there when several are given at the same moment", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"])
    const all = Array.from({ length: 20 }, (_, n) => `t${n}`)
    await Promise.all(all.map((one) => daemon.call("session.tag", { session: id, add: [one] })))
    expect([...(await daemon.call("session.get", { session: id })).tags].sort()).toEqual(all.sort())
  })

  it("outlive the session and the daemon", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("true")
    await daemon.call("session.tag", { session: session.id, add: ["keep"] })
    await daemon.close()
    const again = await openDaemon({ places: daemon.places })
    expect((await again.call("session.get", { session: session.id })).tags).toEqual(["keep"])
  })
})

describe("resizing", () => {
  it("tells the program, clamped, and is remembered", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start('trap "stty size" WINCH; echo ready; while :; do sleep 0.02; done')
    await daemon.printed(id, "ready")
    expect(await daemon.call("session.resize", { session: id, cols: 132, rows: 50 })).toMatchObject({
      cols: 132,
      rows: 50
    })
    await daemon.printed(id, "50 132")
    await daemon.call("session.resize", { session: id, cols: 0, rows: 99_999 })
    await daemon.printed(id, "10000 1")
    await daemon.call("session.resize", { session: id, cols: 40, rows: 10 })
    await daemon.printed(id, "10 40")
    await daemon.call("session.stop", { session: id })
    expect(await daemon.call("session.get", { session: id })).toMatchObject({ cols: 40, rows: 10 })
    expect(await refusal(daemon.call("session.resize", { session: id, cols: 1, rows: 1 }))).toMatchObject({
      tag: "SessionEnded"
    })
  })
})

describe("resuming", () => {
  it("starts the same program again, with the environment of who asks", async () => {
    const daemon = await openDaemon()
    const env = (mark: string) => ({ PATH: "/usr/bin:/bin", MARK: mark })
    const asked = { name: "again", cwd: "/usr", cols: 90, rows: 30, tags: ["x"], ttlMs: 60_000, env: env("one") }
    const { session } = await daemon.run('echo $MARK $PWD; stty size; echo "$0" "$@"', asked)
    const { id } = await daemon.call("session.resume", { session: "again", env: env("two") })
    const resumed = await daemon.ended(id)
    expect(resumed).toMatchObject({
      name: "again",
      argv: session.argv,
      cwd: "/usr",
      cols: 90,
      rows: 30,
      tags: ["x"],
      ttlMs: 60_000,
      resumedFrom: session.id
    })
    expect((await daemon.output(id)).toString()).toBe("two /usr\r\n30 90\r\nsh\r\n")
    const bigger = await daemon.call("session.resume", { session: id, cols: 100, rows: 40, name: "bigger" })
    expect(bigger).toMatchObject({ name: "bigger", cols: 100, rows: 40, resumedFrom: id })
  })

  it("takes another name when its own is taken meanwhile, but not one that was asked for", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("true", { name: "mine" })
    await daemon.start(["sleep", "60"], { name: "mine" })
    const resumed = await daemon.call("session.resume", { session: session.id })
    expect(resumed.name).not.toBe("mine")
    const asked = daemon.call("session.resume", { session: session.id, name: "mine" })
    expect(await refusal(asked)).toMatchObject({ tag: "NameTaken" })
  })

  it("is refused while it runs, and when its directory has gone", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"], { name: "runs" })
    expect(await refusal(daemon.call("session.resume", { session: id }))).toMatchObject({
      tag: "SessionRunning",
      data: { session: "runs" }
    })
  })
})

describe("removing", () => {
  it("forgets an ended session and deletes its files", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("echo files")
    expect(await daemon.call("session.remove", { session: session.id })).toEqual({ id: session.id })
    expect(readdirSync(daemon.places.transcripts)).toEqual([])
    expect(await refusal(daemon.call("session.get", { session: session.id }))).toMatchObject({ tag: "SessionNotFound" })
    const { events } = await daemon.call("event.list", { session: session.id })
    expect(events.at(-1)!.body).toMatchObject({ type: "session.removed", by: "request" })
  })

  it("of a running session needs force, and then ends it first", async () => {
    const daemon = await openDaemon()
    const session = await daemon.start(["sleep", "60"])
    const remove = (force?: boolean) =>
      daemon.call("session.remove", { session: session.id, ...(force === undefined ? {} : { force }) })
    expect(await refusal(remove())).toMatchObject({ tag: "SessionRunning" })
    expect(await refusal(remove(false))).toMatchObject({ tag: "SessionRunning" })
    await remove(true)
    expect(existsSync(`/proc/${session.pid}`)).toBe(false)
    expect(readdirSync(daemon.places.transcripts)).toEqual([])
    expect(await daemon.call("session.list", { all: true })).toEqual({ sessions: [] })
  })
})
