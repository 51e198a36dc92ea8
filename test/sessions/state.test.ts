/** What sessions are doing: of real programs on real terminals, told by their sequences, their screens and their hooks. */
import { describe, expect, it } from "vitest"
import type { StateName } from "../../src/contract/session/SessionState.ts"
import { type InProcessDaemon, openDaemon, refusal } from "./support.ts"

/** A program that prints what is sent to it, byte for byte. */
const SAYS = "stty -echo -icanon min 1 time 0; printf ready; exec cat"

/** A program with a hook: each line typed is sent from within the session as a report, and the answer printed. */
const HOOKED = String.raw`
  const { createInterface } = require("node:readline")
  const socket = require("node:net").connect(process.env.AGENTD_SOCKET, () => console.log("ready"))
  let id = 0
  createInterface({ input: process.stdin }).on("line", (line) =>
    socket.write(JSON.stringify({ jsonrpc: "2.0", id: ++id, method: "session.report", params: JSON.parse(line.slice(line.indexOf("{"))) }) + "\n"))
  createInterface({ input: socket }).on("line", (line) => console.log("answer " + line))`

const stateOf = async (daemon: InProcessDaemon, session: string) =>
  (await daemon.call("session.get", { session })).state!

const reaches = async (daemon: InProcessDaemon, session: string, ...states: ReadonlyArray<StateName>) => {
  const params = { session, for: "state" as const, states, timeoutMs: 20_000 }
  return (await daemon.call("session.wait", params, { timeoutMs: null })).session.state!
}

const saying = async () => {
  const daemon = await openDaemon()
  const { id } = await daemon.start(SAYS)
  await daemon.printed(id, "ready")
  return { daemon, id, say: (text: string) => daemon.call("session.input", { session: id, text }) }
}

const hooked = async (daemon: InProcessDaemon) => {
  const { id } = await daemon.start([process.execPath, "-e", HOOKED], { env: { PATH: process.env.PATH! } })
  await daemon.printed(id, "ready")
  return {
    id,
    report: (params: object) => daemon.call("session.input", { session: id, text: `${JSON.stringify(params)}\n` })
  }
}

const changesOf = async (daemon: InProcessDaemon, session: string) =>
  (await daemon.call("event.list", { session })).events.flatMap(({ body }) =>
    body.type === "session.state-changed" ? [body] : []
  )

describe("what a session is doing", () => {
  it("is told by sequences to its terminal, with who says so and since when, until it has exited", async () => {
    const { daemon, id, say } = await saying()
    await say("\x1b]133;C\x07")
    const working = await reaches(daemon, id, "working")
    expect(working).toMatchObject({ source: "terminal", confidence: 0.9, question: null })
    await say("\x1b]133;D;0\x07\x1b]133;A\x07")
    const idle = await reaches(daemon, id, "idle")
    expect(idle).toMatchObject({ source: "terminal" })
    expect(idle.since).toBeGreaterThanOrEqual(working.since)
    const { session } = await daemon.call("session.wait", { session: id, for: "state", states: ["idle"] })
    expect(session.state!.since).toBe(idle.since)
    await daemon.call("session.stop", { session: id })
    expect(await stateOf(daemon, id)).toMatchObject({ name: "exited", source: "process", confidence: 1 })
    expect(await reaches(daemon, id, "exited", "working")).toMatchObject({ name: "exited" })
    expect(await refusal(reaches(daemon, id, "working"))).toMatchObject({ tag: "SessionEnded" })
  })

  it("is known although a flood of output surrounds what tells it", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(
      `printf '\\033]133;C\\007'; head -c 20000000 /dev/zero | tr '\\0' x; printf '\\033]133;D\\007'; exec cat`
    )
    expect(await reaches(daemon, id, "idle")).toMatchObject({ source: "terminal", confidence: 0.8 })
  })

  it("is what the screen shows, for a program that has a detector", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["bash", "--norc", "-i"], { env: { PS1: "$ ", PATH: process.env.PATH! } })
    expect(await reaches(daemon, id, "idle")).toMatchObject({ source: "screen" })
    await daemon.call("session.input", { session: id, text: "sleep 1000\r" })
    await reaches(daemon, id, "working", "unknown")
    await daemon.call("session.input", { session: id, text: "\u0003" })
    expect(await reaches(daemon, id, "idle")).toMatchObject({ source: "screen" })
  })

  it("is guessed from silence, and said to be a guess, where nothing else is known", async () => {
    const { daemon, id } = await saying()
    expect(await stateOf(daemon, id)).toMatchObject({ name: "starting", source: "process" })
    expect(await reaches(daemon, id, "idle")).toMatchObject({ source: "silence", confidence: 0.3 })
  })

  it("is told best by a hook in the session itself, until somebody answers", async () => {
    const daemon = await openDaemon()
    const { id, report } = await hooked(daemon)
    await report({ state: "needs-permission", question: "Run rm?" })
    expect(await reaches(daemon, id, "needs-permission")).toMatchObject({ source: "hook", question: "Run rm?" })
    expect(await daemon.call("session.list", { state: ["needs-permission"] })).toMatchObject({ sessions: [{ id }] })
    expect(await daemon.call("session.list", { state: ["waiting-input", "exited"] })).toEqual({ sessions: [] })
    await daemon.call("session.input", { session: id, text: "\x1b[B" })
    expect(await stateOf(daemon, id)).toMatchObject({ name: "needs-permission" })
    await daemon.call("session.input", { session: id, text: " " })
    expect(await reaches(daemon, id, "unknown")).toMatchObject({ confidence: 0, question: null })
    await report({ state: "done" })
    await reaches(daemon, id, "done")
    await report({ state: "unknown" })
    await reaches(daemon, id, "unknown")
  })

  it("cannot be told by a hook of another session, or by somebody in none", async () => {
    const daemon = await openDaemon()
    const one = await hooked(daemon)
    const other = await hooked(daemon)
    await one.report({ state: "working" })
    await reaches(daemon, one.id, "working")
    // There is nothing to name a session with: it is the one the kernel says.
    await one.report({ state: "needs-permission", session: other.id })
    await daemon.printed(one.id, "answer .*error.*InvalidParams")
    expect((await stateOf(daemon, other.id)).source).not.toBe("hook")
    expect(await refusal(daemon.call("session.report", { state: "idle" }))).toMatchObject({ tag: "NotAllowed" })
  })

  it("has one clean line for a question, whatever bytes ask it", async () => {
    const daemon = await openDaemon()
    const { id, report } = await hooked(daemon)
    await report({ state: "waiting-input", question: `\u001b]0;x\u0007Delete\r\n\u202eall?${"y".repeat(3_000)}` })
    const { question } = await reaches(daemon, id, "waiting-input")
    expect(question).toMatch(/^\]0;xDelete all\?y+…$/)
    expect([...question!]).toHaveLength(200)
    await report({ state: "starting" })
    await daemon.printed(id, "answer .*error.*InvalidParams")
  })

  it("is not moved by a title of a megabyte", async () => {
    const { daemon, id, say } = await saying()
    await say("\x1b]133;A\x07")
    await reaches(daemon, id, "idle")
    await say("\x1b]0;\u280b")
    for (let i = 0; i < 8; i++) await say("x".repeat(128 * 1024))
    await say("\x07 end")
    await daemon.printed(id, " end")
    await say("\x1b]133;C\x07")
    expect(await reaches(daemon, id, "working")).toMatchObject({ source: "terminal", confidence: 0.9 })
  })

  it("is an event when it changes, and none while it stays", async () => {
    const daemon = await openDaemon()
    const { id, report } = await hooked(daemon)
    for (let i = 0; i < 5; i++) await report({ state: "working" })
    await reaches(daemon, id, "working")
    await expect
      .poll(async () => (await changesOf(daemon, id)).at(-1), { timeout: 10_000 })
      .toMatchObject({
        state: "working",
        source: "hook"
      })
    await report({ state: "needs-permission", question: "SECRET" })
    await expect
      .poll(async () => (await changesOf(daemon, id)).at(-1), { timeout: 10_000 })
      .toMatchObject({ state: "needs-permission" })
    const changes = await changesOf(daemon, id)
    expect(changes.filter(({ state }) => state === "working")).toHaveLength(1)
    expect(JSON.stringify(changes)).not.toContain("SECRET")
  })
})

describe("waiting for a state", () => {
  it("is answered at once by the state that is there, and in time given up", async () => {
    const { daemon, id, say } = await saying()
    await say("\x1b]133;C\x07")
    await reaches(daemon, id, "working")
    const wait = { session: id, for: "state" as const }
    expect(
      (await daemon.call("session.wait", { ...wait, states: ["idle", "working"], timeoutMs: 10_000 })).session.state
    ).toMatchObject({ name: "working" })
    expect(await refusal(daemon.call("session.wait", { ...wait, states: ["idle"], timeoutMs: 50 }))).toMatchObject({
      tag: "DeadlineExceeded"
    })
    expect(await refusal(daemon.call("session.wait", wait))).toMatchObject({ tag: "InvalidParams" })
  })

  it("ends with the session, which is an answer only to who waits for that", async () => {
    const { daemon, id } = await saying()
    const idle = refusal(reaches(daemon, id, "needs-permission"))
    const exited = reaches(daemon, id, "needs-permission", "exited")
    await daemon.call("session.stop", { session: id })
    expect(await idle).toMatchObject({ tag: "SessionEnded" })
    expect(await exited).toMatchObject({ name: "exited" })
  })

  it("does not take what was before a key for what came of it", async () => {
    const daemon = await openDaemon()
    const { id, report } = await hooked(daemon)
    await report({ state: "idle" })
    await reaches(daemon, id, "idle")
    // The program says that it works only a moment after it was told something.
    await daemon.call("session.input", { session: id, text: `{"state":"working"}` })
    const reached = reaches(daemon, id, "idle", "working")
    await daemon.call("session.input", { session: id, text: "\n" })
    expect(await reached).toMatchObject({ name: "working" })
  })

  it("for output misses nothing that is printed between two looks", async () => {
    const { daemon, id, say } = await saying()
    for (let round = 0; round < 60; round++) {
      const next = daemon.printed(id, `round ${round}\\.`)
      await say(`round ${round}.`)
      expect(await next).toBe(`round ${round}.`)
    }
  })

  it("for output looks at what is still to come, if that is wanted", async () => {
    const { daemon, id, say } = await saying()
    const wait = { session: id, for: "output" as const, pattern: "ready|later", timeoutMs: 20_000 }
    expect((await daemon.call("session.wait", wait, { timeoutMs: null })).match).toBe("ready")
    const next = daemon.call("session.wait", { ...wait, from: "now" }, { timeoutMs: null })
    await say("later")
    expect((await next).match).toBe("later")
  })
})
