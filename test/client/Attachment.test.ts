import { afterEach, describe, expect, it } from "vitest"
import { type AttachmentMessage, Client } from "../../src/client/index.ts"
import { FrameType, size, u64 } from "../../src/contract/Frames.ts"
import { attached, FakeDaemon, json, output, type Peer, Refusal } from "./support/FakeDaemon.ts"

const open: Array<AsyncDisposable> = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

const attach = async (begin: (peer: Peer) => void = () => {}) => {
  const daemon = await FakeDaemon.start({
    "session.attach": (_, peer) => {
      begin(peer)
      return attached()
    }
  })
  open.push(daemon)
  const attachment = await new Client({ socket: daemon.path }).attach({ session: "build", cols: 80, rows: 24 })
  return { daemon, attachment, peer: daemon.peers[0]! }
}

const collect = async (messages: AsyncIterable<AttachmentMessage>) => {
  const all: Array<AttachmentMessage> = []
  for await (const message of messages) all.push(message)
  return all
}

describe("an attachment", () => {
  it("yields output, gaps, snapshots, sizes, notices and the end of the program, in order", async () => {
    const { attachment } = await attach((peer) => {
      peer.frame(FrameType.Output, ...output(0, "one"))
      peer.frame(FrameType.Gap, u64(3), u64(90))
      peer.frame(FrameType.Snapshot, u64(90), Buffer.from("\x1b[H"))
      peer.frame(FrameType.Resize, size(100, 30))
      peer.frame(FrameType.Notice, Buffer.from("disk full"))
      peer.frame(FrameType.Exit, json({ code: 3, signal: null, by: "program" }))
    })
    expect(await collect(attachment)).toEqual([
      { type: "output", offset: 0, bytes: Buffer.from("one") },
      { type: "gap", from: 3, to: 90 },
      { type: "snapshot", offset: 90, bytes: Buffer.from("\x1b[H") },
      { type: "resize", cols: 100, rows: 30 },
      { type: "notice", text: "disk full" },
      { type: "exit", exit: { code: 3, signal: null, by: "program" } }
    ])
    await attachment.closed
  })

  it("sees frames that came in the same packet as the answer", async () => {
    const { attachment } = await attach((peer) => peer.frame(FrameType.Output, ...output(0, "at once")))
    for await (const message of attachment) {
      expect(message).toMatchObject({ type: "output", bytes: Buffer.from("at once") })
      break
    }
  })

  it("types with sequence numbers from 1 and knows when the daemon has taken it", async () => {
    const { attachment, peer } = await attach()
    await attachment.input(Buffer.from("ls"))
    await attachment.input(Buffer.from("\r"))
    const typed = peer.frames.filter(({ type }) => type === FrameType.Input)
    expect(typed.map(({ payload }) => [payload.readBigUInt64BE(0), payload.subarray(8).toString()])).toEqual([
      [1n, "ls"],
      [2n, "\r"]
    ])
  })

  it("cuts a large paste into frames and keeps its order", async () => {
    const { attachment, peer } = await attach()
    const paste = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251))
    await attachment.input(paste)
    const typed = peer.frames.filter(({ type }) => type === FrameType.Input)
    expect(typed.length).toBeGreaterThan(1)
    expect(Buffer.concat(typed.map(({ payload }) => payload.subarray(8)))).toEqual(paste)
  })

  it("says its size, asks for a redraw, ends its input", async () => {
    const { attachment, peer } = await attach()
    attachment.resize(0, 99_999)
    attachment.redraw()
    attachment.endInput()
    expect(await peer.received(FrameType.Eof)).toHaveLength(0)
    expect(await peer.received(FrameType.Redraw)).toHaveLength(0)
    expect(await peer.received(FrameType.Resize)).toEqual(Buffer.from([0, 1, 0x27, 0x10]))
  })

  it("stops reading from the daemon while nobody reads from it", async () => {
    const { attachment, peer } = await attach()
    const chunk = Buffer.alloc(64 * 1024, "x")
    let sent = 0
    // The kernel's buffers and the client's own are finite: at some point the daemon's writes have to wait.
    while (peer.socket.writableLength < 4 * 1024 * 1024) {
      peer.frame(FrameType.Output, ...output(sent, chunk))
      sent += chunk.length
      await new Promise(setImmediate)
      if (sent > 64 * 1024 * 1024) throw new Error("the client has read everything although nobody asked")
    }
    peer.frame(FrameType.Exit, json({ code: 0, signal: null, by: "program" }))
    let received = 0
    for await (const message of attachment) if (message.type === "output") received += message.bytes.length
    expect(received).toBe(sent)
  })

  it("detaches, also while output waits that nobody reads", async () => {
    const { attachment, peer } = await attach()
    for (let at = 0; at < 200; at++) peer.frame(FrameType.Output, ...output(at * 65_536, Buffer.alloc(65_536)))
    await attachment.detach()
    expect(peer.frames.map(({ type }) => type)).toContain(FrameType.Detach)
    await attachment.closed
  })

  it("ends with the reason when the daemon detaches it", async () => {
    const { attachment } = await attach((peer) => peer.frame(FrameType.Detach, Buffer.from("another client took over")))
    expect(await collect(attachment)).toEqual([{ type: "detached", reason: "another client took over" }])
  })

  it("fails when the daemon dies: the reader, the typist and whoever waits for the end", async () => {
    const { attachment, daemon, peer } = await attach((each) =>
      each.frame(FrameType.Output, ...output(0, "last words"))
    )
    await expect.poll(() => peer.socket.bytesWritten).toBeGreaterThan(0)
    const seen: Array<AttachmentMessage> = []
    const reading = (async () => {
      for await (const message of attachment) {
        seen.push(message)
        await daemon.die()
      }
    })()
    await expect(reading).rejects.toMatchObject({ tag: "ConnectionLost" })
    await expect(attachment.input(Buffer.from("x"))).rejects.toMatchObject({ tag: "ConnectionLost" })
    await expect(attachment.closed).rejects.toMatchObject({ tag: "ConnectionLost" })
    expect(seen).toHaveLength(1)
  })

  it("fails with the daemon's error", async () => {
    const error = { code: -32018, message: "Only one writer.", data: { tag: "Conflict" } }
    const { attachment } = await attach((peer) => peer.frame(FrameType.Error, json(error)))
    await expect(collect(attachment)).rejects.toMatchObject({ tag: "Conflict", message: "Only one writer." })
  })

  it("fails on garbage instead of showing it", async () => {
    const { attachment } = await attach((peer) => queueMicrotask(() => peer.socket.write("HTTP/1.1 200 OK\r\n\r\n")))
    await expect(collect(attachment)).rejects.toMatchObject({ tag: "ProtocolError" })
  })

  it("fails when it is told that input was taken which it never sent", async () => {
    const { attachment } = await attach((peer) => peer.frame(FrameType.Ack, u64(99)))
    await expect(collect(attachment)).rejects.toMatchObject({
      tag: "ProtocolError",
      message: expect.stringContaining("input 99 was never sent")
    })
  })

  it("answers a ping", async () => {
    const { peer } = await attach((each) => each.frame(FrameType.Ping, Buffer.from("42")))
    expect(await peer.received(FrameType.Pong)).toEqual(Buffer.from("42"))
  })

  it("is refused like any other call", async () => {
    const daemon = await FakeDaemon.start({
      "session.attach": () => {
        throw new Refusal("SessionEnded", -32005, "Session build has ended.")
      }
    })
    open.push(daemon)
    const attaching = new Client({ socket: daemon.path }).attach({ session: "build" })
    await expect(attaching).rejects.toMatchObject({ tag: "SessionEnded", exitCode: 6 })
  })
})
