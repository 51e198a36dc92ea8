/** Attached clients: what each is sent, what it may do, and what becomes of it. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { describe, expect, it, onTestFinished } from "vitest"
import type { Attachment, AttachmentMessage } from "../../src/client/index.ts"
import { FrameType, readU64, u64 } from "../../src/contract/Frames.ts"
import type { AttachParams } from "../../src/contract/session/SessionTerminal.ts"
import { RawClient } from "../support/RawClient.ts"
import { openDaemon, refusal, spawnDaemon, type User } from "./support.ts"

/** Everything an attachment is sent until it ends, with its bytes put together by offset. */
const follow = async (attachment: Attachment) => {
  const messages: Array<AttachmentMessage> = []
  let text = ""
  let next = attachment.info.offset
  for await (const message of attachment) {
    messages.push(message)
    if (message.type === "output") {
      expect(message.offset).toBe(next)
      next += message.bytes.length
      text += message.bytes.toString("latin1")
    } else if (message.type === "snapshot") next = message.offset
    else if (message.type === "gap") {
      expect(message.from).toBe(next)
      next = message.to
    }
  }
  return { messages, text, next, last: messages.at(-1)! }
}

const attach = async (user: User, params: AttachParams) => {
  const attachment = await user.client.attach(params)
  onTestFinished(() => attachment[Symbol.asyncDispose]())
  return attachment
}

/** Waits for this client's next message of a type. */
const next = async <T extends AttachmentMessage["type"]>(attachment: Attachment, type: T) => {
  for await (const message of attachment)
    if (message.type === type) return message as Extract<AttachmentMessage, { type: T }>
  throw new Error(`no ${type} came`)
}

const raw = async (socket: string, params: AttachParams) => {
  const client = await RawClient.open(socket)
  onTestFinished(() => client.destroy())
  const info = await client.result("session.attach", params)
  return { client, info }
}

/** Lines of 100 bytes, numbered from 1. */
const numbered = (lines: number) => `stty -opost; seq -f %099.0f 1 ${lines}`
const line = (n: number) => `${String(n).padStart(99, "0")}\n`

describe("an attached client", () => {
  it("is sent the screen and then every byte, none missing and none twice, while much is printed", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(`echo ready; read go; ${numbered(60_000)}`)
    await daemon.printed(id, "ready")
    await daemon.call("session.input", { session: id, text: "\n" })
    const clients = []
    for (let n = 0; n < 5; n++) clients.push(follow(await attach(daemon, { session: id, lossy: "bytes", ended: true })))
    const { offset } = await daemon.ended(id)
    const output = (await daemon.output(id)).toString("latin1")
    for (const { last, messages, next, text } of await Promise.all(clients)) {
      expect(messages[0]!.type).toBe("snapshot")
      expect(messages.filter(({ type }) => type === "gap")).toEqual([])
      expect([next, last.type]).toEqual([offset, "exit"])
      expect(text === output.slice(offset - text.length)).toBe(true)
    }
  })

  it("that falls behind again and again gets the same bytes from memory and from disk", {
    timeout: 120_000
  }, async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(`read go; ${numbered(60_000)}`)
    const attachment = await attach(daemon, { session: id, from: "start", lossy: "bytes" })
    await attachment.input(Buffer.from("\n"))
    const parts: Array<Buffer> = []
    for await (const batch of attachment.batches()) {
      for (const message of batch) {
        expect(["output", "exit"]).toContain(message.type)
        if (message.type === "output") parts.push(Buffer.from(message.bytes))
      }
      await new Promise((resolve) => setTimeout(resolve, parts.length % 7))
    }
    const sent = Buffer.concat(parts)
    expect(sent.equals(await daemon.output(id))).toBe(true)
    expect(sent.subarray(-100).toString()).toBe(line(60_000))
  })

  it("begins at the start, the end, or an offset, as it asks", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty -echo; printf 0123456789; read go; printf abc")
    await daemon.printed(id, "9")
    const begin = async (from: AttachParams["from"] & {}) => {
      const attachment = await attach(daemon, { session: id, from })
      return { offset: attachment.info.offset, followed: follow(attachment) }
    }
    const all = await Promise.all([begin("start"), begin("end"), begin(4), begin(99)])
    expect(all.map(({ offset }) => offset)).toEqual([0, 10, 4, 10])
    await daemon.call("session.input", { session: id, text: "\n" })
    const texts = (await Promise.all(all.map(({ followed }) => followed))).map(({ text }) => text)
    expect(texts).toEqual(["0123456789abc", "abc", "456789abc", "abc"])
  })

  it("that wants every byte gets every byte, however slow, and neither program nor daemon is held up", {
    timeout: 120_000
  }, async () => {
    const { daemon, user } = await spawnDaemon()
    const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, "utf8"))![1]) * 1024
    const lines = 640_000
    const { id } = await user.start(`read go; ${numbered(lines)}`)
    const attachment = await attach(user, { session: id, from: "start", lossy: "bytes" })
    const before = rss()
    await attachment.input(Buffer.from("\n"))
    // Nobody reads the attachment; the program prints its 64 MB all the same.
    const { offset } = await user.ended(id)
    expect(offset).toBeGreaterThan(64_000_000)
    expect(rss() - before).toBeLessThan(64_000_000)
    await expect
      .poll(async () => (await user.call("session.get", { session: id })).transcript, { timeout: 60_000 })
      .toMatch(/zst$/)
    const { last, messages, text } = await follow(attachment)
    expect(messages.filter(({ type }) => type === "gap" || type === "snapshot")).toEqual([])
    expect(last).toMatchObject({ type: "exit", exit: { code: 0 } })
    expect(text.length).toBe(offset)
    const printed = text.slice(-100 * lines)
    for (let n = 1; n <= lines; n += 997) expect(printed.slice((n - 1) * 100, n * 100)).toBe(line(n))
  })

  it("that only wants the screen is told of the gap and sent the newest one when it stood still", {
    timeout: 60_000
  }, async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(
      `read go; ${numbered(250_000)}; stty opost; printf '\\033[2J\\033[Hthe end'; read go`,
      { cols: 120, rows: 10 }
    )
    const attachment = await attach(daemon, { session: id, from: "start" })
    await attachment.input(Buffer.from("\n"))
    await daemon.printed(id, "the end", -100_000)
    const { offset } = await daemon.call("session.get", { session: id })
    const seen: Array<AttachmentMessage> = []
    for await (const message of attachment) {
      seen.push(message)
      if (message.type === "snapshot") break
    }
    const [gap, snapshot] = seen.slice(-2)
    const received = seen
      .flatMap((message) => (message.type === "output" ? [message.bytes.length] : []))
      .reduce((a, b) => a + b, 0)
    expect(received).toBeLessThan(5_000_000)
    expect(gap).toEqual({ type: "gap", from: received, to: offset })
    expect(snapshot).toMatchObject({ offset })
    expect((snapshot as { bytes: Buffer }).bytes.toString()).toContain("the end")
  })

  it("gets a fresh screen when it asks for one", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("printf 'look here'; sleep 60")
    await daemon.printed(id, "here")
    const attachment = await attach(daemon, { session: id, from: "end" })
    attachment.redraw()
    const { bytes, offset } = await next(attachment, "snapshot")
    expect([bytes.toString().includes("look here"), offset]).toEqual([true, 9])
  })

  it("sees how the program ended, and can still leave", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty -echo; read go; echo bye; exit 4")
    const { client } = await raw(daemon.places.socket, { session: id, from: "start" })
    client.sendFrame(FrameType.Input, u64(1), Buffer.from("\n"))
    const exit = await client.frame(FrameType.Exit)
    expect(JSON.parse(exit!.payload.toString())).toMatchObject({ code: 4, signal: null, by: "program" })
    client.sendFrame(FrameType.Detach)
    expect((await client.frame())!.type).toBe(FrameType.Detach)
    expect(await client.result("health", { echo: "lines again" })).toEqual({ ok: true, echo: "lines again" })
  })

  it("is listed with what it may do and how large it is", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"])
    const writer = await attach(daemon, { session: id, cols: 100, rows: 40 })
    await attach(daemon, { session: id, mode: "view", cols: 10, rows: 5 })
    const clients = async () => (await daemon.call("session.get", { session: id })).clients
    expect(await clients()).toMatchObject([
      { id: writer.info.client, mode: "write", cols: 100, rows: 40, pid: process.pid },
      { mode: "view", cols: 10, rows: 5 }
    ])
    writer.resize(101, 41)
    await expect.poll(clients).toMatchObject([
      { cols: 101, rows: 41 },
      { cols: 10, rows: 5 }
    ])
    await writer.detach()
    await expect.poll(clients).toHaveLength(1)
  })
})

describe("several clients", () => {
  it("all see what one of them types, and only writers type", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("cat; sleep 60")
    const viewer = await attach(daemon, { session: id, mode: "view", from: "start" })
    const one = await attach(daemon, { session: id, from: "start" })
    const two = await attach(daemon, { session: id, from: "start" })
    await viewer.input(Buffer.from("not me\n"))
    viewer.endInput()
    await one.input(Buffer.from("hello\n"))
    await daemon.printed(id, "hello\n.*hello")
    await two.input(Buffer.from("there\n"))
    await daemon.printed(id, "there\n.*there")
    const { offset } = await daemon.call("session.get", { session: id })
    const texts = await Promise.all(
      [viewer, one, two].map(async (client) => {
        let text = ""
        for await (const message of client) {
          if (message.type === "output") text += message.bytes
          if (text.length >= offset) return text
        }
        return text
      })
    )
    expect(texts[0]).toContain("hello\r\nhello\r\nthere\r\nthere\r\n")
    expect(texts[0]).not.toContain("not me")
    expect(new Set(texts).size).toBe(1)
  })

  it("share the size that a writer asked for last", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start('trap "stty size" WINCH; echo ready; while :; do sleep 0.02; done')
    await daemon.printed(id, "ready")
    const one = await attach(daemon, { session: id, from: "end", cols: 100, rows: 30 })
    await daemon.printed(id, "30 100")
    const two = await attach(daemon, { session: id, from: "end", cols: 90, rows: 20 })
    await daemon.printed(id, "20 90")
    expect(await next(one, "resize")).toEqual({ type: "resize", cols: 90, rows: 20 })
    const viewer = await attach(daemon, { session: id, mode: "view", from: "end", cols: 50, rows: 10 })
    viewer.resize(51, 11)
    one.resize(110, 35)
    expect(await next(two, "resize")).toEqual({ type: "resize", cols: 110, rows: 35 })
    await daemon.printed(id, "35 110")
    // Whoever is left has the size again, and when nobody is it stays.
    await one.detach()
    await daemon.printed(id, "20 90[^]*35 110[^]*20 90")
    await two.detach()
    // One that says no size has no say.
    await attach(daemon, { session: id, from: "end" })
    expect(await daemon.call("session.get", { session: id })).toMatchObject({ cols: 90, rows: 20 })
  })

  it("can be detached by another, one of them or all", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"])
    const clients = await Promise.all([1, 2, 3].map(() => attach(daemon, { session: id })))
    const detach = (params: object) => daemon.call("session.detach", { session: id, ...params })
    expect(await detach({ client: clients[1]!.info.client })).toEqual({ detached: 1 })
    expect(await next(clients[1]!, "detached")).toMatchObject({ reason: expect.stringContaining("another client") })
    expect(await detach({ client: "cli_none" })).toEqual({ detached: 0 })
    expect(await detach({})).toEqual({ detached: 2 })
    await Promise.all([next(clients[0]!, "detached"), next(clients[2]!, "detached")])
    expect(await daemon.call("session.get", { session: id })).toMatchObject({ status: "running", clients: [] })
  })

  it("are not harmed when one of them is killed", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("while :; do echo tick; sleep 0.01; done")
    const program = `
      const socket = require("node:net").connect(${JSON.stringify(daemon.places.socket)})
      socket.write(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "session.attach", params: { session: "${id}" } }) + "\\n")
      socket.on("data", () => process.stdout.write("."))`
    const victim = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] })
    await once(victim.stdout, "data")
    const other = await attach(daemon, { session: id, from: "end" })
    expect((await daemon.call("session.get", { session: id })).clients).toHaveLength(2)
    victim.kill("SIGKILL")
    await once(victim, "close")
    await expect.poll(async () => (await daemon.call("session.get", { session: id })).clients).toHaveLength(1)
    let seen = 0
    for await (const message of other) if (message.type === "output" && ++seen === 5) break
    expect(await daemon.call("session.get", { session: id })).toMatchObject({ status: "running" })
  })
})

describe("input frames", () => {
  it("are acknowledged once the terminal has them, and taken once however often they are sent", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty raw -echo; printf ready; head -c 6")
    await daemon.printed(id, "ready")
    const { client } = await raw(daemon.places.socket, { session: id, from: "end" })
    const send = (seq: number, text: string) => client.sendFrame(FrameType.Input, u64(seq), Buffer.from(text))
    /** Waits for the acknowledgement of an input frame; one may stand for those before it, too. */
    const acknowledged = async (seq: number) => {
      let last = 0
      while (last < seq) {
        const next = readU64((await client.frame(FrameType.Ack))!.payload)
        expect(next).toBeGreaterThanOrEqual(last)
        last = next
      }
      expect(last).toBe(seq)
    }
    send(1, "ab")
    send(2, "cd")
    send(1, "ab")
    send(2, "cd")
    await acknowledged(2)
    send(3, "ef")
    await acknowledged(3)
    await daemon.ended(id)
    expect((await daemon.output(id)).toString()).toBe("readyabcdef")
  })

  it("are acknowledged ahead of the flood they set off: who waits for that before reading would wait for ever", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(`stty -echo; printf ready; read go; ${numbered(20_000)}`)
    await daemon.printed(id, "ready")
    const { client } = await raw(daemon.places.socket, { session: id, from: "end" })
    client.sendFrame(FrameType.Input, u64(1), Buffer.from("\n"))
    let before = 0
    for (let frame = await client.frame(); frame!.type !== FrameType.Ack; frame = await client.frame()) {
      before += frame!.payload.length
    }
    expect(before).toBeLessThan(64 * 1024)
  })

  it("for a program that does not read are held back, not lost, and not acknowledged", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty raw -echo; printf ready; sleep 0.5; head -c 8000000 | wc -c; sleep 60")
    await daemon.printed(id, "ready")
    const attachment = await attach(daemon, { session: id, from: "end" })
    let acknowledged = false
    const taken = attachment.input(Buffer.alloc(8_000_000, "z")).then(() => {
      acknowledged = true
    })
    await daemon.call("health", {})
    expect(acknowledged).toBe(false)
    await taken
    await daemon.printed(id, "8000000")
  })

  it("that are none end the connection with the reason, and nothing else", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"])
    for (const [type, payload] of [
      [FrameType.Input, Buffer.from("short")],
      [FrameType.Input, Buffer.alloc(12, 0xff)],
      [FrameType.Resize, Buffer.from("x")],
      [0x33 as FrameType, Buffer.from("x")]
    ] as const) {
      const { client } = await raw(daemon.places.socket, { session: id, from: "end" })
      client.sendFrame(type, payload)
      const error = await client.frame(FrameType.Error)
      expect(JSON.parse(error!.payload.toString()).message).toMatch(/protocol/i)
      await client.ended
    }
    expect(await daemon.call("session.get", { session: id })).toMatchObject({ status: "running", clients: [] })
  })
})

describe("attaching to an ended session", () => {
  it("is refused, and says how it ended", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("exit 3", { name: "over" })
    expect(await refusal(daemon.client.attach({ session: session.id }))).toMatchObject({
      tag: "SessionEnded",
      message: expect.stringContaining("exit code 3")
    })
  })

  it("shows its last screen, or its output, and its end, when asked to", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("printf 'last words'; exit 3", { name: "over" })
    const screen = await follow(await attach(daemon, { session: "over", ended: true }))
    expect(screen.messages.map(({ type }) => type)).toEqual(["snapshot", "exit"])
    expect((screen.messages[0] as { bytes: Buffer }).bytes.toString()).toContain("last words")
    expect(screen.last).toMatchObject({ exit: { code: 3 } })
    const output = await follow(await attach(daemon, { session: session.id, ended: true, from: "start" }))
    expect([output.text, output.last.type]).toEqual(["last words", "exit"])
    const tail = await follow(await attach(daemon, { session: session.id, ended: true, from: 5 }))
    expect(tail.text).toBe("words")
  })

  it("at the very moment of its end answers either way and never hangs", async () => {
    const daemon = await openDaemon()
    for (let round = 0; round < 15; round++) {
      const { id } = await daemon.start("printf tail; exit 2")
      const { last, text } = await follow(
        await attach(daemon, { session: id, from: "start", lossy: "bytes", ended: true })
      )
      expect([text, last]).toMatchObject(["tail", { type: "exit", exit: { code: 2 } }])
    }
  })
})

describe("a client the daemon does not read from, because the program does not", () => {
  const pressing = async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty raw -echo; printf ready; sleep 60")
    await daemon.printed(id, "ready")
    const { client } = await raw(daemon.places.socket, { session: id, from: "end" })
    for (let n = 1; n <= 40; n++) client.sendFrame(FrameType.Input, u64(n), Buffer.alloc(200_000, "q"))
    const oneMore = () => daemon.call("session.input", { session: id, text: "q" }).catch(({ tag }) => tag)
    await expect.poll(oneMore).toBe("Busy")
    return { daemon, id, client }
  }

  it("is still told of the end, and heard", async () => {
    const { client, daemon, id } = await pressing()
    await daemon.call("session.stop", { session: id })
    expect(await client.frame(FrameType.Exit)).not.toBeNull()
    client.sendFrame(FrameType.Detach)
    expect(await client.frame(FrameType.Detach)).not.toBeNull()
    expect(await client.result("health", {})).toEqual({ ok: true })
  })

  it("is forgotten with the session when it is gone", async () => {
    const { client, daemon, id } = await pressing()
    const { connections } = await daemon.call("daemon.status", {})
    client.destroy()
    await daemon.call("session.stop", { session: id })
    await expect.poll(async () => (await daemon.call("daemon.status", {})).connections).toBe(connections - 1)
  })
})
