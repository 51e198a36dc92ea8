/** Ports over a connection to another machine: a real OpenSSH server, and real connections through it. */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { isForward, parseForward } from "../../src/client/remote/Forward.ts"
import { Forwarder } from "../../src/client/remote/Forwarder.ts"
import { agentctl, asked } from "../cli/support/agentctl.ts"
import { freePort } from "../support/freePort.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { forwardChanges } from "./support/forwardChanges.ts"
import { hasSshServer, SshServer } from "./support/SshServer.ts"

if (!hasSshServer) console.log("skipped: forwards to other machines (no /usr/sbin/sshd; install openssh-server)")

const portOf = (server: Server) => (server.address() as AddressInfo).port

/** Says a word to whoever connects. */
const speaker = async (word: string, port = 0): Promise<Server> => {
  const server = createServer((socket) => socket.on("error", () => {}).end(word)).listen(port, "127.0.0.1")
  await once(server, "listening")
  return server
}

const heardAt = (port: number): Promise<string> =>
  new Promise((resolve) => {
    let said = ""
    const socket = connect(port, "127.0.0.1")
    socket.on("data", (chunk) => {
      said += chunk
    })
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""))
    socket.on("close", () => resolve(said))
  })

describe.skipIf(!hasSshServer)("agentctl forward", () => {
  let here: Sandbox
  let server: SshServer
  beforeAll(async () => {
    here = makeSandbox()
    await here.start()
    server = await SshServer.start()
    expect(await agentctl(here, ["connect", "--name", "lab", ...server.options(), "127.0.0.1"])).toMatchObject({
      code: 0
    })
  })
  afterAll(async () => {
    await agentctl(here, ["disconnect", "lab"])
    await here[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  it("forwards both ways on the loopback, lists it, and again after the connection was cut, until it is removed", async () => {
    await using speaking = await speaker("over there")
    const [local, remote] = [await freePort(), await freePort()]
    const words = [
      "forward",
      "lab",
      "-L",
      `${local}:${portOf(speaking)}`,
      "-R",
      `${remote}:127.0.0.1:${portOf(speaking)}`
    ]
    expect(await agentctl(here, words)).toMatchObject({
      code: 0,
      stdout: `127.0.0.1:${local} leads to localhost:${portOf(speaking)} of lab.\n127.0.0.1:${remote} of lab leads to 127.0.0.1:${portOf(speaking)} here.\n`
    })
    expect([await heardAt(local), await heardAt(remote)]).toEqual(["over there", "over there"])
    expect(await asked(here, ["forwards"])).toMatchObject([
      { host: "lab", direction: "local", listen: `127.0.0.1:${local}`, state: "open" },
      { host: "lab", direction: "remote", listen: `127.0.0.1:${remote}`, state: "open" }
    ])
    using forwards = await forwardChanges(here)
    server.cut()
    await forwards.become("waiting")
    await forwards.become("open")
    expect([await heardAt(local), await heardAt(remote)]).toEqual(["over there", "over there"])
    expect(await agentctl(here, ["forward", "lab", "-L", `${local}`, "-R", `${remote}`, "--remove"])).toMatchObject({
      code: 0
    })
    expect(await heardAt(local)).toBe("ECONNREFUSED")
    expect(await heardAt(remote)).toBe("ECONNREFUSED")
    expect(await asked(here, ["forwards"])).toEqual([])
    const events: ReadonlyArray<{ readonly body: { readonly type: string; readonly direction: string } }> = await asked(
      here,
      ["events"]
    )
    expect(
      events.filter(({ body }) => body.type.startsWith("forward.")).map(({ body }) => [body.type, body.direction])
    ).toEqual([
      ["forward.added", "local"],
      ["forward.added", "remote"],
      ["forward.removed", "local"],
      ["forward.removed", "remote"]
    ])
  })

  it("says plainly that a port is taken, here or there, and keeps nothing of it", async () => {
    await using taken = await speaker("mine")
    const port = String(portOf(taken))
    expect(await agentctl(here, ["forward", "lab", "-L", port])).toMatchObject({
      code: 6,
      stderr: expect.stringContaining(`Port ${port} of this machine is taken by another program.`)
    })
    expect(await agentctl(here, ["forward", "lab", "-R", port])).toMatchObject({
      code: 6,
      stderr: expect.stringContaining(`Port ${port} of the other machine is taken`)
    })
    expect(await asked(here, ["forwards"])).toEqual([])
    expect(await agentctl(here, ["forward", "lab", "-L", port, "--remove"])).toMatchObject({ code: 6 })
  })

  it("needs a connection", async () => {
    expect(await agentctl(here, ["forward", "nowhere", "-L", "8080"])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("agentctl connect nowhere")
    })
  })
})

/** The master's part is played by a list of what it was asked; the ports are real. */
describe("the forwards of a connection", () => {
  const make = () => {
    const asked: Array<string> = []
    const changed = { tell: () => {} }
    const forwarder = new Forwarder({
      ask: async (args) => void asked.push(args.slice(1, 4).join(" ")),
      onChange: () => changed.tell()
    })
    const next = () =>
      new Promise<ReadonlyArray<string>>((resolve) => {
        changed.tell = () => resolve(forwarder.list.map(({ state }) => state))
      })
    return { asked, forwarder, next }
  }
  const to = (port: number) => parseForward("local", `${port}`)!

  it("are made again with the connection, and told of when somebody else has the port meanwhile", async () => {
    const { asked, forwarder, next } = make()
    const port = await freePort()
    await expect(forwarder.add(to(port), null)).rejects.toMatchObject({ tag: "HostDown" })
    forwarder.up()
    await forwarder.add(to(port), null)
    forwarder.down()
    expect(forwarder.list).toMatchObject([{ state: "waiting" }])
    const squatter = await speaker("squatter", port)
    const refused = next()
    forwarder.up()
    expect(await refused).toEqual(["refused"])
    expect(forwarder.list[0]!.reason).toMatch(/is taken by another program/)
    squatter.close()
    await once(squatter, "close")
    const open = next()
    forwarder.up()
    expect(await open).toEqual(["open"])
    expect(asked).toEqual(Array.from({ length: 2 }, () => `forward -L 127.0.0.1:${port}:localhost:${port}`))
    forwarder.down()
  })

  it("end with whoever holds them, and no other", async () => {
    const { asked, forwarder, next } = make()
    forwarder.up()
    const [owner, other] = [{}, {}]
    const held = { direction: "remote", listen: "/run/held", to: "/run/agent" } as const
    await forwarder.add(held, owner)
    await forwarder.add({ ...held, listen: "/run/other" }, other)
    const released = next()
    forwarder.release(owner)
    await released
    expect(forwarder.list.map(({ listen }) => listen)).toEqual(["/run/other"])
    expect(asked.at(-1)).toBe("cancel -R /run/held:/run/agent")
  })

  it("are refused when a program asks for them in a loop", async () => {
    const { forwarder } = make()
    forwarder.up()
    const path = (index: number) => ({ direction: "remote", listen: `/run/${index}`, to: "/run/x" }) as const
    const ask = async (index: number) => {
      await forwarder.add(path(index), null)
      await forwarder.remove(`remote /run/${index}`)
    }
    for (let index = 0; index < 30; index++) await ask(index)
    await expect(ask(30)).rejects.toMatchObject({ tag: "Busy" })
  })
})

describe("a forward", () => {
  it.each([
    ["8080", "127.0.0.1:8080", "localhost:8080"],
    ["8080:3000", "127.0.0.1:8080", "localhost:3000"],
    ["8080:db.internal:5432", "127.0.0.1:8080", "db.internal:5432"],
    ["8080:[::1]:5432", "127.0.0.1:8080", "[::1]:5432"]
  ])("written %s", (text, listen, to) => {
    const forward = parseForward("local", text)
    expect(forward).toEqual({ direction: "local", listen, to })
    expect(isForward(forward)).toBe(true)
  })

  it.each([
    "",
    "0",
    "65536",
    "8080:",
    "0.0.0.0:8080:h:1",
    "*:8080",
    "8080:-oProxyCommand=x:1",
    "8080:a b:1",
    "80:h:99999"
  ])("is not written %j", (text) => expect(parseForward("local", text)).toBeNull())

  it.each([
    ["another address", { direction: "local", listen: "0.0.0.0:8080", to: "localhost:1" }],
    ["no address", { direction: "remote", listen: "8080", to: "localhost:1" }],
    ["a path with a colon", { direction: "remote", listen: "/tmp/a:b", to: "/tmp/c" }],
    ["another direction", { direction: "both", listen: "127.0.0.1:1", to: "localhost:1" }]
  ])("listens nowhere else: %s", (_, value) => expect(isForward(value)).toBe(false))
})
