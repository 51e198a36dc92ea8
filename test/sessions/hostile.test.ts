/** What programs print and clients send that nobody should: it costs whoever does it, and nobody else. */
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"
import { FrameType, size, u64 } from "../../src/contract/Frames.ts"
import { MAX_LINE_BYTES } from "../../src/contract/Limits.ts"
import { type Emulator, makeEmulator } from "../../src/sessions/screen/Emulator.ts"
import { RawClient } from "../support/RawClient.ts"
import { seen, text } from "./screen-support.ts"
import { openDaemon, type User } from "./support.ts"

const raw = async (socket: string, params: object) => {
  const client = await RawClient.open(socket)
  onTestFinished(() => client.destroy())
  return { client, info: await client.result("session.attach", params) }
}

describe("a program that prints a title of a megabyte", () => {
  it("is shown to whoever attaches, with a title that fits", { timeout: 30_000 }, async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(
      `stty -opost; printf '\\033]0;'; head -c 1000000 /dev/zero | tr '\\0' t; printf '\\007after'; sleep 60`
    )
    await daemon.printed(id, "after", -100)
    const screen = await daemon.call("session.screen", { session: id, format: "json" })
    expect(screen.lines![0]).toBe("after")
    expect(screen.title.length).toBeLessThan(4096)
    const { client } = await raw(daemon.places.socket, { session: id })
    const { payload } = (await client.frame(FrameType.Snapshot))!
    expect(payload.toString()).toContain("after")
    expect(payload.length).toBeLessThan(MAX_LINE_BYTES / 4)
  })
})

describe("a client", () => {
  it("whose terminal has an absurd size makes it one that a program can have", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("while :; do stty size; sleep 0.05; done")
    const { client } = await raw(daemon.places.socket, { session: id, from: "end", cols: -5, rows: 2 ** 31 })
    await daemon.printed(id, "10000 1\\b")
    client.sendFrame(FrameType.Resize, size(0, 65_535))
    client.sendFrame(FrameType.Resize, Buffer.from([0xff, 0xff, 0, 0]))
    await daemon.printed(id, "1 10000\\b")
    expect(await daemon.call("session.get", { session: id })).toMatchObject({ cols: 10_000, rows: 1 })
  })

  it("that sends what only daemons send, or what a later version may send, is not harmed by it", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty raw -echo; printf ready; cat")
    await daemon.printed(id, "ready")
    const { client } = await raw(daemon.places.socket, { session: id, from: "end" })
    client.sendFrame(FrameType.Ack, u64(4711))
    client.sendFrame(FrameType.Output, u64(0), Buffer.from("mine"))
    client.sendFrame(FrameType.Exit, Buffer.from("{}"))
    client.sendFrame(FrameType.Pong, Buffer.from("nobody asked"))
    client.sendFrame(FrameType.Role, Buffer.of(99))
    client.sendFrame(FrameType.Role)
    client.sendFrame(0xc7 as FrameType, Buffer.from("from the future"))
    client.sendFrame(FrameType.Role, Buffer.of(1))
    client.sendFrame(FrameType.Input, u64(1), Buffer.from("still here"))
    await daemon.printed(id, "readystill here")
  })

  it.each([
    ["a token that is none", { token: "short" }, "token"],
    ["a mode that is none", { mode: "own" }, "mode"],
    ["a policy that is none", { size: "largest" }, "size"],
    ["an offset before the beginning", { from: -1 }, "from"],
    ["an environment that is no text", { env: { TERM: 5 } }, "env.TERM"]
  ])("that asks for %s is told which field is wrong", async (_, params, field) => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"])
    const client = await RawClient.open(daemon.places.socket)
    onTestFinished(() => client.destroy())
    const { error } = await client.call("session.attach", { session: id, ...params })
    expect(error?.data).toMatchObject({ tag: "InvalidParams", field })
  })
})

/** What a terminal shows that was there from the start. */
const drawn = async (bytes: Buffer): Promise<Emulator> => {
  const emulator = await Effect.runPromise(makeEmulator({ cols: 20, rows: 6 }))
  await Effect.runPromise(emulator.write(bytes))
  return emulator
}

/** A client that leaves and comes back at this offset, with what it drew before kept, or painted over. */
const splitAt = async (user: User, session: string, output: Buffer, offset: number, repaint: boolean) => {
  const emulator = await drawn(output.subarray(0, offset))
  const write = (bytes: Uint8Array) => Effect.runPromise(emulator.write(bytes))
  if (repaint) await write(Buffer.from("\x18\x1b7\x1b[6;1H\x1b[7mwritten over\x1b8"))
  const attachment = await user.client.attach({ session, from: offset, ended: true, repaint, mode: "view" })
  expect(attachment.info.offset).toBe(offset)
  for await (const message of attachment) {
    if (message.type === "output" || message.type === "snapshot") await write(message.bytes)
    else expect(message.type).not.toBe("gap")
  }
  return emulator
}

describe("a client that comes back at any offset of any output", () => {
  const piece = fc.constantFrom(
    "word ",
    "\r\n",
    "\x1b[31m",
    "\x1b[m",
    "\x1b[2;3H",
    "\x1b[K",
    "\x1b[1;4r",
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b7",
    "\x1b8",
    "\x1b[?6h",
    "\x1b[?6l",
    "\x1b(0",
    "\x1b(B",
    "é",
    "漢",
    "\x1b]0;title\x07",
    "\x1b[?25l",
    "\x1b[4h",
    "\x1b[4l",
    "\x1b[S",
    "\x1bM",
    "\t"
  )

  it("sees the same screen as one that was there all the time", { timeout: 120_000 }, async () => {
    const daemon = await openDaemon()
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 30 }),
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 3 }),
        async (pieces, cuts) => {
          const printed = pieces
            .join("")
            .replaceAll("\x1b", "\\033")
            .replaceAll("\x07", "\\007")
            .replaceAll("\r\n", "\\r\\n")
          const { output: bytes, session } = await daemon.run(["sh", "-c", `stty -opost; printf '${printed}'`], {
            cols: 20,
            rows: 6
          })
          const whole = await drawn(bytes)
          for (const cut of cuts) {
            for (const repaint of [false, true]) {
              const back = await splitAt(daemon, session.id, bytes, cut % (bytes.length + 1), repaint)
              expect(text(back)).toEqual(text(whole))
              expect(seen(back)).toEqual(seen(whole))
            }
          }
        }
      ),
      { numRuns: 25 }
    )
  })
})
