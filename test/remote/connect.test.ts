/** Another machine's sessions, over a real OpenSSH server on loopback. */
import { statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { follow } from "../../src/client/remote/Hosts.ts"
import type { TunnelStatus } from "../../src/client/remote/Supervisor.ts"
import { tunnelFiles } from "../../src/client/remote/TunnelFiles.ts"
import { agentctl, asked, program } from "../cli/support/agentctl.ts"
import { textOf, UserTerminal } from "../cli/support/UserTerminal.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { hasSshServer, PASSPHRASE, SshServer } from "./support/SshServer.ts"

if (!hasSshServer) console.log("skipped: connections to other machines (no /usr/sbin/sshd; install openssh-server)")

describe.skipIf(!hasSshServer)("another machine", () => {
  let here: Sandbox
  let server: SshServer
  beforeEach(async () => {
    here = makeSandbox()
    await here.start()
    server = await SshServer.start()
  })
  afterEach(async () => {
    await agentctl(here, ["disconnect", "lab"])
    await here[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  const connect = (...more: ReadonlyArray<string>) =>
    agentctl(here, ["connect", "--name", "lab", ...(more.length === 0 ? server.options() : more), "127.0.0.1"])

  /** Resolves once the connection's status is as wanted. */
  const becomes = async (wanted: (status: TunnelStatus) => boolean): Promise<TunnelStatus> => {
    const found = Promise.withResolvers<TunnelStatus>()
    const following = await follow(tunnelFiles("lab", here.env).supervisor, (status) => {
      if (wanted(status)) found.resolve(status)
    })
    const status = await found.promise
    following!.stop()
    return status
  }
  const at = (state: TunnelStatus["state"]["at"]) => becomes((status) => status.state.at === state)

  it("is connected once; its daemon is started, and every command speaks to it", async () => {
    expect(await connect()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Connected to lab \(agentd /) })
    expect(statSync(tunnelFiles("lab", here.env).supervisor).mode & 0o077).toBe(0)
    expect(await asked(here, ["hosts"])).toMatchObject([{ name: "lab", target: "127.0.0.1", state: { at: "up" } }])
    await agentctl(here, ["run", "-d", "--host", "lab", "--name", "far", "--", "sh", "-c", "pwd; exec cat"])
    await agentctl(here, ["run", "-d", "--name", "near", "sleep", "1000"])
    expect(await asked(here, ["ls"])).toMatchObject([{ name: "near" }, { name: "far", host: "lab" }])
    expect(await asked(here, ["ls", "--host", "lab"])).toMatchObject([{ name: "far" }])
    expect((await agentctl(here, ["ls"])).stdout).toMatch(/^near .*\nlab:far /m)
    await agentctl(here, ["send", "lab:far", "over there"])
    await agentctl(here, ["wait", "lab:far", "--for", "output=over there", "--timeout", "10s"])
    expect((await agentctl(here, ["logs", "lab:far"])).stdout).toContain(server.there.home)
    expect(await agentctl(here, ["inspect", "far"])).toMatchObject({ code: 4 })
    expect(await agentctl(here, ["stop", "lab:far"])).toMatchObject({ code: 0 })
    expect(await connect()).toMatchObject({ code: 0 })
    expect(await agentctl(here, ["disconnect", "lab"])).toMatchObject({ code: 0 })
    expect(await agentctl(here, ["ls", "--host", "lab"])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("agentctl connect lab")
    })
  })

  it("knows nobody by what they are here, or say they are: only by the login they came with", async () => {
    await connect()
    const far = ["run", "-d", "--json", "--host", "lab", "--agent", "ant", "--", "sleep", "1000"]
    const { id } = JSON.parse((await agentctl(here, far)).stdout) as { readonly id: string }
    const whoami = `AGENTD_SESSION=${id} AGENTD_AGENT=ant ${program} agent whoami --host lab --json`
    const { stdout } = await agentctl(here, ["run", "--agent", "ant", "--", "sh", "-c", whoami])
    expect(JSON.parse(stdout)).toMatchObject({ kind: "person", agent: null, session: null })
  })

  it("is in the picker, which shows, attaches and stops there as it does here", async () => {
    await connect()
    await agentctl(here, ["run", "-d", "--host", "lab", "--name", "far", "--", "sh", "-c", "echo over there; exec cat"])
    await using terminal = new UserTerminal(here, "")
    await terminal.shows(/^>lab:far +[a-z-]+ +\d+s over there/m)
    terminal.type("\r")
    await terminal.shows((screen) => screen.buffer.active.type === "normal" && /over there/.test(textOf(screen)))
    terminal.type("typed\r")
    await terminal.shows(/typed\s+typed/)
    terminal.type("\x1dd")
    await terminal.shows((screen) => screen.buffer.active.type === "alternate" && /^>lab:far/m.test(textOf(screen)))
    terminal.type("sy")
    await terminal.shows(/far has ended/)
    terminal.type("q")
    await terminal.ended()
    expect(terminal.code).toBe(0)
    expect(await asked(here, ["ls", "--host", "lab"])).toEqual([])
  })

  it("passes a program's input, output and exit code through", async () => {
    await connect()
    const every = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
    const { code, stdout } = await agentctl(here, ["run", "--host", "lab", "--", "sh", "-c", "cat; exit 7"], {
      stdin: Buffer.concat(Array.from({ length: 400 }, () => every))
    })
    expect(code).toBe(7)
    expect(stdout === every.toString("latin1").repeat(400)).toBe(true)
  })

  it("is connected again by itself when the connection is cut", async () => {
    await connect()
    await agentctl(here, ["run", "-d", "--host", "lab", "--name", "far", "sleep", "1000"])
    const { state } = await at("up")
    server.cut()
    await becomes((status) => status.state.at === "waiting")
    const again = await at("up")
    expect(again.state).toMatchObject({ at: "up", remote: (state as { readonly remote: unknown }).remote })
    expect(await asked(here, ["ls"])).toMatchObject([{ name: "far", host: "lab" }])
  })

  it("is given up within seconds when nothing comes through any more", { timeout: 40_000 }, async () => {
    await connect(...server.options(), "-o", "ServerAliveInterval=1")
    const thaw = server.freeze()
    try {
      const { state } = await at("waiting")
      expect(state).toMatchObject({ reason: expect.stringMatching(/not responding|timed out|reset|broken/i) })
    } finally {
      thaw()
    }
    await at("up")
  })

  it("whose daemon has ended has it started again by the next connect", async () => {
    await connect()
    await agentctl(here, ["daemon", "status", "--host", "lab"])
    await agentctl(server.there, ["daemon", "stop", "--yes"])
    expect(await agentctl(here, ["ls", "--host", "lab"])).toMatchObject({ code: 3 })
    expect(await connect()).toMatchObject({ code: 0 })
    expect(await asked(here, ["ls", "--host", "lab"])).toEqual([])
  })

  it("with another host key than the known one is never spoken to", async () => {
    server.trust("other-host")
    expect(await connect()).toMatchObject({ code: 3, stderr: expect.stringMatching(/Host key verification failed/) })
    expect((await at("failed")).state.at).toBe("failed")
  })

  it("that does not know the key asks for a login, and is not tried again without one", async () => {
    expect(await connect(...server.options("stranger"))).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/Permission denied.*on a terminal/s)
    })
    expect((await at("needs-login")).state).toMatchObject({ reason: expect.stringContaining("Permission denied") })
  })

  it("asks for a key's passphrase on the user's own terminal, and nowhere else", async () => {
    const words = ["connect", "--name", "lab", ...server.options("locked"), "127.0.0.1"]
    await using terminal = new UserTerminal(here, words.join(" "))
    await terminal.shows(/Enter passphrase for key/)
    terminal.type(`${PASSPHRASE}\r`)
    await terminal.ended()
    expect(terminal.code).toBe(0)
    expect(textOf(terminal.screen)).toMatch(/Connected to lab/)
    expect(terminal.raw).not.toContain(PASSPHRASE)
    expect(terminal.settings.after).toBe(terminal.settings.before)
  })

  it("without agentctl fails with what to do about it", async () => {
    expect(await connect(...server.options(), "--agentctl", "no-such-agentctl")).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/no-such-agentctl is not installed there/)
    })
  })

  it("whose agentd speaks only other versions of the protocol fails with both", async () => {
    const script = join(server.there.root, "old-daemon.mjs")
    const socket = join(server.there.root, "old.sock")
    writeFileSync(
      script,
      `import { createServer } from "node:net"
       const error = { code: -32016, message: "This daemon speaks versions 7 to 9.", data: { tag: "ProtocolVersion" } }
       const server = createServer((socket) => socket.on("data", () => (server.close(), socket.end(JSON.stringify({ jsonrpc: "2.0", id: 1, error }) + "\\n"))))
       server
         .listen(process.argv[2])
       setTimeout(() => process.exit(), 20000).unref()`
    )
    const other = server.agentctl(
      `#!/bin/sh\n"${process.execPath}" "${script}" "${socket}" </dev/null >/dev/null 2>&1 &\nwhile [ ! -S "${socket}" ]; do :; done\necho '{"status":{"socket":"${socket}","version":"9.0.0"}}'\n`
    )
    const { code, stderr } = await connect(...server.options(), "--agentctl", other)
    expect(stderr).toContain("This daemon speaks versions 7 to 9.")
    expect(code).toBe(3)
  })

  it("that nobody is at is told plainly", async () => {
    await server.close()
    const timed = await connect(...server.options(), "--timeout", "3s")
    expect(timed).toMatchObject({ code: 7, stderr: expect.stringMatching(/not connected yet.*disconnect lab/s) })
    expect((await becomes(({ state }) => state.at === "waiting")).state).toMatchObject({
      reason: expect.stringContaining("Connection refused")
    })
  })

  it("shows what would be run, without running it", async () => {
    const { stdout } = await connect(...server.options(), "--dry-run")
    expect(stdout).toMatch(/^ssh -N -T .*ControlMaster=yes.* -- 127\.0\.0\.1$/m)
    expect(await asked(here, ["hosts"])).toEqual([])
  })

  it.each([["-oProxyCommand=touch"], ["two words"]])("is not called %j", async (target) => {
    expect(await agentctl(here, ["connect", "--name", "lab", "--", target])).toMatchObject({ code: 2 })
  })
})
