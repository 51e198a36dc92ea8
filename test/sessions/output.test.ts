/** Reading what a session has printed, and waiting for it. */
import { rmSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { openDaemon, refusal } from "./support.ts"

const raw = ({ data }: { readonly data: string }) => Buffer.from(data, "base64").toString()

describe("output", () => {
  it("comes by offset, from either end", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("printf 0123456789")
    const read = (params: object) => daemon.call("session.output", { session: session.id, ...params })
    expect(await read({})).toMatchObject({ from: 0, next: 10, end: 10, missing: 0, done: true })
    expect(raw(await read({}))).toBe("0123456789")
    expect(raw(await read({ from: 3, limit: 4 }))).toBe("3456")
    expect(await read({ from: 3, limit: 4 })).toMatchObject({ from: 3, next: 7, end: 10, done: false })
    expect(raw(await read({ from: -3 }))).toBe("789")
    expect(raw(await read({ from: -99 }))).toBe("0123456789")
    expect(await read({ from: 10 })).toMatchObject({ from: 10, next: 10, data: "", done: true })
    expect(await read({ from: 99 })).toMatchObject({ from: 10, next: 10, data: "", done: true })
    expect(await refusal(read({ limit: 0 }))).toMatchObject({ tag: "InvalidParams", data: { field: "limit" } })
  })

  it("of a running program is the same as of an ended one", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("printf abc; read go; printf def")
    await daemon.printed(id, "abc")
    expect(await daemon.call("session.output", { session: id })).toMatchObject({ next: 3, end: 3, done: false })
    await daemon.call("session.input", { session: id, text: "\n" })
    await daemon.ended(id)
    expect((await daemon.output(id)).toString()).toBe("abc\r\ndef")
  })

  it("is waited for, until it comes, the session ends, or the time is up", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("printf abc; read go; printf def; read go")
    await daemon.printed(id, "abc")
    const wait = (from: number, waitMs: number) => daemon.call("session.output", { session: id, from, waitMs })
    expect(raw(await wait(0, 60_000))).toBe("abc")
    expect(await wait(3, 50)).toMatchObject({ from: 3, next: 3, data: "", done: false })
    const more = wait(3, 60_000)
    await daemon.call("session.input", { session: id, text: "\n" })
    expect(raw(await more)).not.toBe("")
    await daemon.printed(id, "def")
    const { offset } = await daemon.call("session.get", { session: id })
    const last = wait(offset, 60_000)
    await daemon.call("session.stop", { session: id })
    expect(await last).toMatchObject({ next: offset, data: "", done: true })
  })

  it("as text has neither escape sequences nor halves of characters, wherever a page ends", async () => {
    const daemon = await openDaemon()
    const coloured = "\\033[38;5;196mé€😀\\033[0m\\033]0;title\\007\\033[1m-\\033[m"
    const { session } = await daemon.run(`stty -opost; for i in 1 2 3 4 5 6 7 8 9; do printf '${coloured}\\n'; done`)
    const expected = "é€😀-\n".repeat(9)
    for (const limit of [30, 31, 32, 33, 50, 64, 1000]) {
      let text = ""
      for (let from = 0; ; ) {
        const page = await daemon.call("session.output", { session: session.id, from, limit, format: "text" })
        text += page.data
        if (page.done) break
        expect(page.next).toBeGreaterThan(from)
        from = page.next
      }
      expect(text).toBe(expected)
    }
  })

  it("as text waits for the other half of what a program has half written", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(
      "stty -opost -echo; printf 'a\\303'; read go; printf '\\251\\033[3'; read go; printf '1mb'"
    )
    let text = ""
    let from = 0
    const follow = async (waitMs: number) => {
      const page = await daemon.call("session.output", { session: id, from, format: "text", waitMs })
      text += page.data
      from = page.next
      return page.done
    }
    await expect.poll(async () => (await daemon.call("session.get", { session: id })).offset).toBe(2)
    await follow(1_000)
    expect(text).toBe("a")
    await follow(20)
    expect(text).toBe("a")
    const more = follow(60_000)
    await daemon.call("session.input", { session: id, text: "\n" })
    await more
    expect(text).toBe("aé")
    await daemon.call("session.input", { session: id, text: "\n" })
    while (!(await follow(60_000)));
    expect(text).toBe("aéb")
  })

  it("as asciicast begins with its header and holds the same bytes", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("printf 'hello '; sleep 0.1; printf world", { cols: 90, rows: 20 })
    const { data, done } = await daemon.call("session.output", { session: session.id, format: "cast" })
    const lines = data
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("#"))
    const [header, ...events] = lines.map((line) => JSON.parse(line))
    expect(done).toBe(true)
    expect(header).toMatchObject({ version: 3, term: { cols: 90, rows: 20 } })
    const printed = (events as Array<[number, string, string]>)
      .filter(([, kind]) => kind === "o")
      .map(([, , text]) => text)
    expect(printed.join("")).toBe("hello world")
  })

  it("whose transcript is gone is said to be gone", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("echo gone")
    await expect
      .poll(async () => (await daemon.call("session.get", { session: session.id })).transcript)
      .toMatch(/cast\.zst$/)
    const { transcript } = await daemon.call("session.get", { session: session.id })
    rmSync(transcript!)
    expect(await refusal(daemon.call("session.output", { session: session.id }))).toMatchObject({
      tag: "TranscriptUnavailable"
    })
  })

  it("beyond what one transcript may take is missed at its beginning, and the reader is told how much", async () => {
    const daemon = await openDaemon({ config: { "transcript.session_bytes": "16MiB" } })
    const { id } = await daemon.start("stty -opost; seq -f %099.0f 1 250000")
    const session = await daemon.ended(id)
    expect(session.offset).toBe(25_000_000)
    let page = await daemon.call("session.output", { session: session.id })
    expect(page.missing).toBeGreaterThan(0)
    expect(page.from).toBe(page.missing)
    let text = ""
    for (;;) {
      text += raw(page)
      if (page.done) break
      page = await daemon.call("session.output", { session: session.id, from: page.next })
    }
    expect(text.length).toBe(25_000_000 - (await daemon.call("session.output", { session: session.id })).missing)
    expect(text.endsWith(`${"250000".padStart(99, "0")}\n`)).toBe(true)
  })
})

describe("waiting", () => {
  it("for the end returns with how it ended, now or later", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("read go; exit 3")
    const waiting = daemon.call("session.wait", { session: id, for: "exit" }, { timeoutMs: null })
    await daemon.call("session.input", { session: id, text: "\n" })
    expect((await waiting).session).toMatchObject({ status: "exited", exit: { code: 3 } })
    expect((await daemon.call("session.wait", { session: id, for: "exit" })).session.exit).toMatchObject({ code: 3 })
  })

  it("for silence returns once nothing was printed for so long", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("for i in 1 2 3 4 5 6; do echo $i; sleep 0.05; done; sleep 60")
    await daemon.call("session.wait", { session: id, for: "idle", idleMs: 400 }, { timeoutMs: null })
    expect((await daemon.output(id)).toString().trim().split("\r\n")).toHaveLength(6)
    const { session } = await daemon.run("true")
    await daemon.call("session.wait", { session: session.id, for: "idle", idleMs: 60_000 })
  })

  it("for output finds what was printed already, and what comes in pieces", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(
      "stty -echo; echo ready: 42; read go; printf 'on'; sleep 0.1; printf '\\033[1me pie'; sleep 0.1; printf 'ce'; sleep 60"
    )
    expect(await daemon.printed(id, "ready: \\d+")).toBe("ready: 42")
    const waiting = daemon.printed(id, "one piece")
    await daemon.call("session.input", { session: id, text: "\n" })
    expect(await waiting).toBe("one piece")
    const match = daemon.call("session.wait", {
      session: id,
      for: "output",
      pattern: "ready",
      from: 10,
      timeoutMs: 100
    })
    expect(await refusal(match)).toMatchObject({ tag: "DeadlineExceeded" })
    expect(await daemon.printed(id, "ready", 0)).toBe("ready")
    expect(await daemon.printed(id, "p.*e", -8)).toBe("piece")
  })

  it("for output finds it anywhere in a lot of it", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("seq 1 20000; echo needle; seq 1 300000")
    expect(await daemon.printed(session.id, "^needle$")).toBe("needle")
  })

  it("gives up after the time it was given", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("sleep 60")
    for (const what of [{ for: "exit" }, { for: "output", pattern: "x" }, { for: "idle", idleMs: 60_000 }] as const) {
      const refused = await refusal(daemon.call("session.wait", { session: id, timeoutMs: 50, ...what }))
      expect(refused).toMatchObject({ tag: "DeadlineExceeded", data: { ms: 50 } })
    }
  })

  it("for output that cannot come any more ends with the session", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("read go; exit 2", { name: "short" })
    const waiting = refusal(
      daemon.call("session.wait", { session: id, for: "output", pattern: "never" }, { timeoutMs: null })
    )
    await daemon.call("session.input", { session: id, text: "\n" })
    expect(await waiting).toMatchObject({ tag: "SessionEnded", message: expect.stringContaining("exit code 2") })
    const later = daemon.call("session.wait", { session: id, for: "output", pattern: "never" })
    expect(await refusal(later)).toMatchObject({ tag: "SessionEnded", data: { session: "short" } })
  })

  it("for output refuses a pattern that is none, missing, or would take for ever", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(`printf ${"a".repeat(40)}; sleep 60`)
    const wait = (pattern?: string) =>
      refusal(
        daemon.call("session.wait", { session: id, for: "output", ...(pattern === undefined ? {} : { pattern }) })
      )
    expect(await wait("(")).toMatchObject({ tag: "InvalidParams", data: { field: "pattern" } })
    expect(await wait()).toMatchObject({ tag: "InvalidParams", data: { field: "pattern" } })
    expect(await wait("(a+)+$b")).toMatchObject({ tag: "InvalidParams", data: { field: "pattern" } })
  })
})
