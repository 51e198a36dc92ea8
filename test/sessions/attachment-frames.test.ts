import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { FrameType } from "../../src/contract/Frames.ts"
import type { FrameChannel } from "../../src/contract/Handler.ts"
import { Attachment } from "../../src/sessions/attachment/Attachment.ts"
import { Typists } from "../../src/sessions/input/Typists.ts"
import { Ring } from "../../src/sessions/running/Ring.ts"

/** A session that prints into a ring, and a client that takes everything. */
const attached = () => {
  const ring = new Ring(1024 * 1024)
  const frames: Array<{ readonly offset: number; readonly bytes: Buffer }> = []
  let arrived: () => void = () => {}
  const channel: FrameChannel = {
    send: (type, ...payload) => {
      if (type !== FrameType.Output) return
      const all = Buffer.concat(payload)
      frames.push({ offset: Number(all.readBigUInt64BE()), bytes: all.subarray(8) })
      arrived()
    },
    queued: () => 0,
    pause: () => {},
    resume: () => {},
    detach: () => {},
    fail: () => {}
  }
  const attachment = new Attachment(
    {
      feed: {
        get start() {
          return ring.start
        },
        get end() {
          return ring.end
        },
        exit: null,
        recent: (offset, limit) => ring.view(offset, limit),
        recorded: () => Effect.die("everything is in memory"),
        redraw: Effect.die("nobody asked for it"),
        redrawAt: () => Effect.die("nobody asked for it")
      },
      lossy: "bytes",
      cursor: 0,
      snapshot: null,
      typist: new Typists().of(undefined, 0),
      comesBack: false,
      identity: () => ({
        session: "ses_test",
        client: { id: "cli_1", mode: "view", cols: 80, rows: 24, pid: null, since: 0 },
        token: null
      }),
      onInput: () => true,
      onEof: () => {},
      onResize: () => {},
      onRole: () => {},
      onClose: () => {},
      fork: Effect.runFork
    },
    channel
  )
  attachment.begin()
  const print = (bytes: Buffer) => {
    ring.push(bytes)
    attachment.printed()
  }
  /** Waits until so many bytes have been sent. */
  const sent = (length: number) =>
    new Promise<void>((resolve) => {
      arrived = () => {
        if (frames.reduce((sum, { bytes }) => sum + bytes.length, 0) >= length) resolve()
      }
      arrived()
    })
  return { frames, print, sent, settled: new Promise((resolve) => setImmediate(resolve)) }
}

const chunk = (length: number, letter: string) => Buffer.alloc(length, letter)

describe("output frames", () => {
  it("leave at once for what little a program prints", async () => {
    const { frames, print, settled } = attached()
    await settled
    for (const letter of "echo") print(chunk(1, letter))
    expect(frames.map(({ bytes }) => bytes.toString())).toEqual(["e", "c", "h", "o"])
  })

  it("grow while a program prints without a pause, and lose nothing", async () => {
    const { frames, print, sent, settled } = attached()
    await settled
    const chunks = Array.from({ length: 100 }, (_, i) => chunk(4095, String.fromCharCode(97 + (i % 26))))
    for (const part of chunks) print(part)
    expect(frames[0]!.bytes.length).toBe(4095)
    await sent(100 * 4095)
    expect(frames.length).toBeLessThan(12)
    expect(Buffer.concat(frames.map(({ bytes }) => bytes)).equals(Buffer.concat(chunks))).toBe(true)
    frames.reduce((end, { bytes, offset }) => {
      expect(offset).toBe(end)
      return end + bytes.length
    }, 0)
  })

  it("do not wait for more when the program pauses", async () => {
    const { frames, print, sent, settled } = attached()
    await settled
    print(chunk(4095, "a"))
    print(chunk(10, "b"))
    expect(frames.length).toBe(1)
    await sent(4105)
    expect(frames[1]!.bytes.toString()).toBe("b".repeat(10))
  })
})
