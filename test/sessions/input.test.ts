/** Typing into a program, and feeding one that reads from a pipe. */
import { createHash, randomBytes } from "node:crypto"
import { readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { MAX_INPUT_BACKLOG, MAX_INPUT_BYTES } from "../../src/contract/Limits.ts"
import { openDaemon, refusal, temporary, type User } from "./support.ts"

/** Sends all of it in pieces, then the end of input, and answers all that the program prints. */
const filter = async (daemon: User, argv: ReadonlyArray<string>, input: Buffer) => {
  const { id } = await daemon.start(argv, { stdin: "pipe" })
  const attached = await daemon.client.attach({ session: id, from: "start", lossy: "bytes", ended: true })
  const output: Array<Buffer> = []
  const reading = (async () => {
    for await (const message of attached) {
      if (message.type === "output") output.push(Buffer.from(message.bytes))
      else if (message.type === "exit") return message.exit
      else throw new Error(`not expected: ${message.type}`)
    }
  })()
  attached.input(input).catch(() => {})
  attached.endInput()
  return { id, exit: await reading, output: Buffer.concat(output) }
}

describe("input", () => {
  it("reaches the program as it was sent, as text or as bytes", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty raw -echo; echo ready; head -c 12 | od -An -tx1")
    await daemon.printed(id, "ready")
    const send = (input: object) => daemon.call("session.input", { session: id, ...input })
    expect(await send({ text: "é€\n" })).toEqual({ bytes: 6 })
    expect(await send({ base64: Buffer.from([0, 3, 4, 0x1b, 0xff, 0x80]).toString("base64") })).toEqual({ bytes: 6 })
    expect(await daemon.printed(id, "c3 a9.*80")).toBe("c3 a9 e2 82 ac 0a 00 03 04 1b ff 80")
  })

  it("is exactly one of text and base64, and not too large", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty raw -echo; echo ready; cat >/dev/null")
    await daemon.printed(id, "ready")
    const send = (input: object) => daemon.call("session.input", { session: id, ...input })
    expect(await refusal(send({}))).toMatchObject({ tag: "InvalidParams" })
    expect(await refusal(send({ text: "a", base64: "YQ==" }))).toMatchObject({ tag: "InvalidParams" })
    expect(await refusal(send({ base64: "no base64!" }))).toMatchObject({
      tag: "InvalidParams",
      data: { field: "base64" }
    })
    const many = "x".repeat(MAX_INPUT_BYTES)
    expect(await send({ text: many })).toEqual({ bytes: MAX_INPUT_BYTES })
    expect(await refusal(send({ text: `${many}x` }))).toMatchObject({ tag: "InvalidParams", data: { field: "text" } })
    expect(await send({ text: "" })).toEqual({ bytes: 0 })
  })

  it("for a program that has ended is refused", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("true")
    expect(await refusal(daemon.call("session.input", { session: session.id, text: "x" }))).toMatchObject({
      tag: "SessionEnded"
    })
  })

  it("arrives whole, however much of it, at a program that reads", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty raw -echo; echo ready; head -c 2000000 | sha256sum")
    await daemon.printed(id, "ready")
    const bytes = randomBytes(2_000_000)
    const attached = await daemon.client.attach({ session: id, from: "end" })
    await attached.input(bytes)
    expect(await daemon.printed(id, "[0-9a-f]{64}")).toBe(createHash("sha256").update(bytes).digest("hex"))
    await attached.detach()
  })

  it("that a program does not read is held up to a limit, refused beyond it, and taken again afterwards", async () => {
    const daemon = await openDaemon()
    const directory = temporary()
    const { id } = await daemon.start(
      "stty raw -echo; echo ready; until [ -s go ]; do sleep 0.02; done; cat >/dev/null",
      { cwd: directory }
    )
    await daemon.printed(id, "ready")
    // Holding what a program does not read costs the others nothing: not even a moment of the event loop.
    const block = "y".repeat(MAX_INPUT_BYTES)
    let sent = 0
    let refused: unknown
    while (refused === undefined && sent < 4 * MAX_INPUT_BACKLOG) {
      await daemon.call("session.input", { session: id, text: block }).then(
        ({ bytes }) => {
          sent += bytes
        },
        (error) => {
          refused = error
        }
      )
    }
    expect(refused).toMatchObject({ tag: "Busy", data: { limit: MAX_INPUT_BACKLOG } })
    expect(sent).toBeGreaterThan(MAX_INPUT_BACKLOG - 2 * MAX_INPUT_BYTES)
    expect(sent).toBeLessThan(MAX_INPUT_BACKLOG + 2 * MAX_INPUT_BYTES)
    // Others are served meanwhile.
    expect((await daemon.run("echo others")).output.toString()).toBe("others\r\n")
    writeFileSync(join(directory, "go"), "now")
    await expect
      .poll(() => daemon.call("session.input", { session: id, text: block }).catch(({ tag }) => tag), {
        timeout: 10_000
      })
      .toEqual({ bytes: MAX_INPUT_BYTES })
  })
})

describe("a program whose input is a pipe", () => {
  it("gets 5 MB of arbitrary bytes and gives them back", async () => {
    const daemon = await openDaemon()
    const input = randomBytes(5 * 1024 * 1024)
    const { exit, output } = await filter(daemon, ["cat"], input)
    expect(exit).toMatchObject({ code: 0 })
    expect(output.length).toBe(input.length)
    expect(output.equals(input)).toBe(true)
  })

  it("sees the end of its input", async () => {
    const daemon = await openDaemon()
    expect((await filter(daemon, ["sort"], Buffer.from("c\nb\na\n"))).output.toString()).toBe("a\nb\nc\n")
    expect((await filter(daemon, ["wc", "-c"], Buffer.alloc(0))).output.toString().trim()).toBe("0")
  })

  it("gets lines longer than a terminal's", async () => {
    const daemon = await openDaemon()
    const line = Buffer.from(`${"0123456789".repeat(10_000)}\n`)
    expect((await filter(daemon, ["cat"], line)).output.equals(line)).toBe(true)
  })

  it("may end without reading it, and leaves nothing behind", async () => {
    const daemon = await openDaemon()
    const input = randomBytes(3 * 1024 * 1024)
    const open = () => readdirSync("/proc/self/fd").length
    const before = open()
    for (const script of ["exit 6", "head -c 1 >/dev/null; exit 6", "exec <&-; sleep 0.1; exit 6"]) {
      expect((await filter(daemon, ["sh", "-c", script], input)).exit).toMatchObject({ code: 6 })
    }
    expect(readdirSync(daemon.places.runtime).filter((name) => name.endsWith(".stdin"))).toEqual([])
    await expect.poll(open).toBeLessThanOrEqual(before + 2)
  })

  it("keeps its own name, process id, signals and exit code", async () => {
    const daemon = await openDaemon()
    const { id, pid } = await daemon.start(
      ["sh", "-c", 'echo "$0 $$"; test -t 1 && echo terminal; read x; exit $x', "me"],
      { stdin: "pipe" }
    )
    await daemon.printed(id, "terminal")
    expect((await daemon.output(id)).toString()).toBe(`me ${pid}\nterminal\n`)
    await daemon.call("session.input", { session: id, text: "17\n" })
    expect((await daemon.ended(id)).exit).toMatchObject({ code: 17, signal: null })
  })

  it("can be interrupted while it waits for input", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["cat"], { stdin: "pipe" })
    expect((await daemon.call("session.stop", { session: id })).exit).toMatchObject({ by: "stop", took: "term" })
  })
})
