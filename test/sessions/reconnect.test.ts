/** A client that comes back: no byte of output missed or twice, every key typed once, wherever the connection broke. */
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { Client, type LastingMessage } from "../../src/client/index.ts"
import { FrameType, readU64, u64 } from "../../src/contract/Frames.ts"
import { makeEmulator } from "../../src/sessions/screen/Emulator.ts"
import { cutAfter, Network } from "../support/Cut.ts"
import { RawClient } from "../support/RawClient.ts"
import { text } from "./screen-support.ts"
import { type InProcessDaemon, openDaemon, temporary } from "./support.ts"

/** The whole number is 10,000; a developer's machine does fewer. */
const DISCONNECTS = Number(process.env.AGENTD_TEST_DISCONNECTS ?? 300)

/** Numbered output that goes on by itself, and numbered input that comes back. */
const program = `stty raw -echo; printf '{ready}'; (i=0; while :; do printf '<%d>' $i; i=$((i+1)); sleep 0.002; done) & cat`

/** A client whose connections break after a random number of bytes, at first often in the middle of the answer. */
const breaking = (daemon: InProcessDaemon) => {
  const counts = { cuts: 0, calm: false }
  const client = new Client({
    connect: () => {
      const bytes = counts.calm ? Number.POSITIVE_INFINITY : 1 + Math.floor(Math.random() ** 2 * 5_000)
      return cutAfter(daemon.places.socket, bytes, () => (counts.cuts += 1))
    }
  })
  return { client, counts }
}

const lasting = async (client: Client, params: Parameters<Client["attachLasting"]>[0]) => {
  // The first attempt is not repeated: it is the user's.
  for (;;) {
    try {
      const attachment = await client.attachLasting(params, { retryMs: { first: 1, most: 4 } })
      onTestFinished(() => attachment[Symbol.asyncDispose]())
      return attachment
    } catch (error) {
      if ((error as { tag?: string }).tag !== "ConnectionLost") throw error
    }
  }
}

describe("a client whose connection breaks again and again", () => {
  it(`gets every byte once and types every key once (${DISCONNECTS} disconnects)`, {
    timeout: 60_000 + DISCONNECTS * 60
  }, async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(program)
    await daemon.printed(id, "ready")
    const { client, counts } = breaking(daemon)
    const attachment = await lasting(client, { session: id, from: "start", lossy: "bytes" })
    let typed = ""
    let received = ""
    let next = 0
    let arrived = () => {}
    const reading = (async () => {
      for await (const message of attachment) {
        if (message.type !== "output") {
          expect(message.type).toMatch(/online|offline|detached|role/)
          continue
        }
        expect(message.offset).toBe(next)
        next += message.bytes.length
        received += message.bytes.toString("latin1")
        arrived()
      }
    })()
    for (let key = 0; counts.cuts < DISCONNECTS; key++) {
      const word = `k${key};`
      typed += word
      const taken = attachment.input(Buffer.from(word))
      // Sometimes waits for it, sometimes types on.
      if (key % 100 === 0) await taken
      else await new Promise(setImmediate)
    }
    counts.calm = true
    await attachment.input(Buffer.from("end."))
    await new Promise<void>((resolve) => {
      arrived = () => {
        if (received.replace(/<\d+>/g, "").endsWith("end.")) resolve()
      }
      arrived()
    })
    await attachment.detach()
    await reading
    expect(received.replace(/^\{ready\}/, "").replace(/<\d+>/g, "") === `${typed}end.`).toBe(true)
    const numbers = [...received.matchAll(/<(\d+)>/g)].map(([, number]) => Number(number))
    expect(numbers.every((number, at) => number === at)).toBe(true)
    expect((await daemon.output(id)).toString("latin1").startsWith(received)).toBe(true)
  })

  it("ends with the same screen as the session, painted over or not", { timeout: 60_000 }, async () => {
    const daemon = await openDaemon()
    const paint = `stty raw -echo; i=0; while [ $i -lt 400 ]; do
      printf '\\033[%d;%dH\\033[3%dm%d\\033[0m\\r\\n\\033[?%dh' $((i*7%24+1)) $((i*13%70+1)) $((i%8)) $i $((i%2*24+25)); i=$((i+1)); sleep 0.005; done; printf 'the end'; cat`
    const { id } = await daemon.start(paint, { cols: 80, rows: 24 })
    const { client, counts } = breaking(daemon)
    const attachment = await lasting(client, { session: id, cols: 80, rows: 24 })
    const emulator = await Effect.runPromise(makeEmulator({ cols: 80, rows: 24 }))
    const write = (bytes: Uint8Array) => Effect.runPromise(emulator.write(bytes))
    let disturbed = 0
    const take = async (message: LastingMessage) => {
      if (message.type === "output" || message.type === "snapshot") await write(message.bytes)
      // As a status line does: writes over the screen, and asks to have it painted again.
      if (message.type === "offline" && Math.random() < 0.5) {
        disturbed += 1
        attachment.redraw()
        await write(Buffer.from("\x1b7\x1b[24;1Haway for a while\x1b8"))
      }
    }
    for await (const message of attachment) {
      await take(message)
      if (counts.cuts > 60) counts.calm = true
      const { end, offset } = await daemon
        .call("session.output", { session: id, from: -7, format: "text" })
        .then(({ data, next }) => ({ end: data.endsWith("the end"), offset: next }))
      if (!end) continue
      counts.calm = true
      if (message.type === "output" && message.offset + message.bytes.length === offset) break
      if (message.type === "snapshot" && message.offset === offset) break
    }
    expect(disturbed).toBeGreaterThan(0)
    const screen = await daemon.call("session.screen", { session: id })
    expect(text(emulator).map((line) => line?.trimEnd())).toEqual(screen.lines)
  })
})

describe("a client that comes back", () => {
  const token = "0123456789abcdef01234567"
  const attach = async (daemon: InProcessDaemon, params: object) => {
    const client = await RawClient.open(daemon.places.socket)
    onTestFinished(() => client.destroy())
    return { client, info: await client.result("session.attach", { token, ...params }) }
  }
  const acknowledged = async (client: RawClient) => readU64((await client.frame(FrameType.Ack))!.payload)

  it("is told what was taken, and what it sends again is not typed again", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty raw -echo; printf ready; dd bs=1 count=6 2>/dev/null")
    await daemon.printed(id, "ready")
    const first = await attach(daemon, { session: id, from: "end" })
    expect(first.info.taken).toBe(0)
    first.client.sendFrame(FrameType.Input, u64(1), Buffer.from("ab"))
    first.client.sendFrame(FrameType.Input, u64(2), Buffer.from("cd"))
    await daemon.printed(id, "abcd")
    first.client.destroy()
    const second = await attach(daemon, { session: id, from: "end" })
    expect(second.info.taken).toBe(2)
    for (const [number, keys] of [
      [1, "ab"],
      [2, "cd"],
      [3, "ef"]
    ] as const)
      second.client.sendFrame(FrameType.Input, u64(number), Buffer.from(keys))
    while ((await acknowledged(second.client)) < 3);
    await daemon.ended(id)
    expect((await daemon.output(id)).toString()).toBe("readyabcdef")
  })

  it("takes the place of the connection it had before", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"])
    const first = await attach(daemon, { session: id })
    await attach(daemon, { session: id })
    expect((await first.client.frame(FrameType.Detach))!.payload.toString()).toContain("came back")
    expect((await daemon.call("session.get", { session: id })).clients).toHaveLength(1)
  })

  it("at an offset beyond the end begins at the end", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("printf 0123456789; sleep 60")
    await daemon.printed(id, "9")
    const { info } = await attach(daemon, { session: id, from: 2 ** 52 })
    expect(info.offset).toBe(10)
  })

  it("to a session that another client has resized meanwhile is sent its screen, not bytes meant for another size", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("printf 0123456789; read x; printf more; sleep 60", { cols: 80, rows: 24 })
    await daemon.printed(id, "9")
    await daemon.call("session.resize", { session: id, cols: 40, rows: 10 })
    await daemon.call("session.input", { session: id, text: "\n" })
    await daemon.printed(id, "more")
    const { client, info } = await attach(daemon, { session: id, from: 4, cols: 80, rows: 24 })
    expect(info.offset).toBe(4)
    const gap = await client.frame(FrameType.Gap)
    const snapshot = await client.frame(FrameType.Snapshot)
    expect([readU64(gap!.payload), readU64(gap!.payload, 8)]).toEqual([4, readU64(snapshot!.payload)])
  })

  it("after a dead link is noticed: nothing comes, nothing is answered, the connection is given up", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty raw -echo; cat")
    await using network = new Network(join(temporary(), "net.sock"), daemon.places.socket)
    await network.up()
    const client = new Client({ socket: network.path })
    const attachment = await client.attachLasting(
      { session: id, from: "start", lossy: "bytes" },
      { pingMs: 20, retryMs: { first: 5, most: 20 } }
    )
    onTestFinished(() => attachment[Symbol.asyncDispose]())
    const messages = attachment[Symbol.asyncIterator]()
    network.silence(true)
    let { value } = await messages.next()
    if (value?.type === "role") ({ value } = await messages.next())
    expect(value).toMatchObject({ type: "offline", error: { message: expect.stringContaining("has not answered") } })
    const typed = attachment.input(Buffer.from("kept"))
    await network.down()
    network.silence(false)
    await network.up()
    let seen = ""
    while (seen !== "kept") {
      const next = await messages.next()
      if (next.value?.type === "output") seen += next.value.bytes
    }
    await typed
  })

  it("is let go of without a word when the daemon stops, and another is told", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"])
    const back = await attach(daemon, { session: id })
    await daemon.call("session.detach", { session: id, client: back.info.client })
    // Detached on purpose it is told, and does not come back.
    expect(await back.client.frame(FrameType.Detach)).not.toBeNull()
  })
})
