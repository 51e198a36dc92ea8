/** Files to and from another machine, over a real OpenSSH server on loopback. */
import { randomBytes } from "node:crypto"
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, watch, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { agentctl, asked, program, start } from "../cli/support/agentctl.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { hasSshServer, SshServer } from "./support/SshServer.ts"

if (!hasSshServer) console.log("skipped: copies to other machines (no /usr/sbin/sshd; install openssh-server)")

/** Large enough not to be over before it is interrupted. */
const LARGE = 48 * 1024 * 1024

describe.skipIf(!hasSshServer)("agentctl cp", () => {
  let here: Sandbox
  let server: SshServer
  beforeAll(async () => {
    here = makeSandbox()
    await here.start()
    server = await SshServer.start()
    const { code, stderr } = await agentctl(here, ["connect", "--name", "lab", ...server.options(), "127.0.0.1"])
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  })
  afterAll(async () => {
    await agentctl(here, ["disconnect", "lab"])
    await here[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  const there = (path: string) => join(server.there.home, path)
  const local = (path: string) => join(here.root, path)
  const mode = (path: string) => statSync(path).mode & 0o7777

  it("copies a file there and back, whole, with its permissions", async () => {
    const bytes = randomBytes(1_000_003)
    writeFileSync(local("tool"), bytes)
    chmodSync(local("tool"), 0o750)
    expect(await agentctl(here, ["cp", local("tool"), "lab:"])).toMatchObject({ code: 0, stderr: "" })
    expect(readFileSync(there("tool")).equals(bytes)).toBe(true)
    expect(mode(there("tool"))).toBe(0o750)
    const [result] = await asked(here, ["cp", "lab:tool", local("tool-back")])
    expect(result).toMatchObject({
      path: local("tool-back"),
      files: 1,
      bytes: 1_000_003,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/)
    })
    expect(readFileSync(local("tool-back")).equals(bytes)).toBe(true)
    expect(mode(local("tool-back"))).toBe(0o750)
  })

  it("copies a directory with what is in it, empty directories and links inside of it included", async () => {
    mkdirSync(local("tree/deep/empty"), { recursive: true })
    writeFileSync(local("tree/deep/naïve name"), "one")
    writeFileSync(local("tree/zero"), "")
    symlinkSync("deep/naïve name", local("tree/link"))
    chmodSync(local("tree/deep"), 0o500)
    expect(await agentctl(here, ["cp", local("tree"), "lab:copied"])).toMatchObject({ code: 0, stderr: "" })
    expect(readdirSync(there("copied"), { recursive: true }).sort()).toEqual([
      "deep",
      "deep/empty",
      "deep/naïve name",
      "link",
      "zero"
    ])
    expect(readFileSync(there("copied/link"), "utf8")).toBe("one")
    expect(mode(there("copied/deep"))).toBe(0o500)
    chmodSync(there("copied/deep"), 0o700)
    expect(readdirSync(server.there.home).filter((name) => name.includes("partial"))).toEqual([])
  })

  it("begins in a session's directory where one is named, and does not leave it", async () => {
    mkdirSync(there("work/inside"), { recursive: true })
    writeFileSync(there("outside"), "secret")
    symlinkSync("..", there("work/up"))
    await agentctl(server.there, ["run", "-d", "--name", "far", "--cwd", there("work"), "sleep", "1000"])
    writeFileSync(local("note"), "hello")
    expect(await agentctl(here, ["cp", local("note"), "lab:far:inside/"])).toMatchObject({ code: 0 })
    expect(readFileSync(there("work/inside/note"), "utf8")).toBe("hello")
    expect(await agentctl(here, ["cp", "lab:far:up/outside", local("stolen")])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining("outside of the session's directory")
    })
    expect(await agentctl(here, ["cp", local("note"), "lab:far:up/planted"])).toMatchObject({ code: 5 })
    mkdirSync(local("near"))
    await agentctl(here, ["run", "-d", "--name", "near", "--cwd", local("near"), "sleep", "1000"])
    expect(await agentctl(here, ["cp", local("note"), "near:copy"])).toMatchObject({ code: 0, stderr: "" })
    expect(readFileSync(local("near/copy"), "utf8")).toBe("hello")
    await agentctl(server.there, ["stop", "far"])
    await agentctl(here, ["stop", "near"])
  })

  it("writes down what was sent and received, at both ends", async () => {
    writeFileSync(local("recorded"), "12345")
    await agentctl(here, ["cp", local("recorded"), "lab:recorded"])
    const last = async (sandbox: Pick<Sandbox, "env">, type: string) =>
      (await asked(sandbox, ["events"])).findLast(
        ({ body }: { readonly body: { readonly type: string } }) => body.type === type
      ).body
    expect(await last(here, "files.sent")).toMatchObject({
      path: local("recorded"),
      files: 1,
      bytes: 5,
      to: "lab",
      by: null
    })
    expect(
      await agentctl(here, ["run", "--", program, "cp", "--force", local("recorded"), "lab:recorded"])
    ).toMatchObject({
      code: 0
    })
    expect(await last(here, "files.sent")).toMatchObject({ by: expect.stringMatching(/^ses_/) })
    expect(await last(server.there, "files.received")).toMatchObject({
      path: there("recorded"),
      files: 1,
      bytes: 5,
      from: expect.stringContaining("127.0.0.1")
    })
  })

  it("refuses what leads elsewhere, what is there already, and what cannot be copied, and says so", async () => {
    writeFileSync(there("real"), "x")
    symlinkSync("real", there("alias"))
    mkdirSync(local("escaping"))
    writeFileSync(local("escaping/kept"), "kept")
    symlinkSync("/etc/passwd", local("escaping/passwd"))
    const refused = async (args: ReadonlyArray<string>, code: number, why: string) =>
      expect(await agentctl(here, ["cp", ...args])).toMatchObject({ code, stderr: expect.stringContaining(why) })
    await refused(["lab:../../x", local("x")], 5, '".." is refused')
    await refused(["lab:alias", local("x")], 5, `is a symbolic link. Name what it leads to: ${there("real")}`)
    await refused([local("escaping"), "lab:escaping"], 5, "leads out of what is copied, to /etc/passwd")
    await refused(["nobody:file", local("x")], 4, 'No session is called "nobody"')
    await refused([local("escaping/kept"), "lab:real"], 6, "is there already. Replace it with --force")
    await refused([local("escaping/kept"), local("x")], 2, "HOST:PATH or SESSION:PATH")
    expect(readdirSync(here.root)).not.toContain("x")
    expect(readFileSync(there("real"), "utf8")).toBe("x")
    expect(await agentctl(here, ["cp", "--skip", local("escaping"), "lab:escaping"])).toMatchObject({
      code: 0,
      stderr: "left out: passwd\n"
    })
    expect(readdirSync(there("escaping"))).toEqual(["kept"])
  })

  it("goes on from where it stood when the connection is killed in the middle", { timeout: 60_000 }, async () => {
    const bytes = randomBytes(LARGE)
    writeFileSync(local("large"), bytes)
    const underWay = Promise.withResolvers<void>()
    const folder = watch(server.there.home, (_, name) => {
      if (name?.endsWith(".agentctl-partial") !== true) return
      const found = statSync(there(name), { throwIfNoEntry: false })
      if (found !== undefined && found.size > 1024 * 1024) underWay.resolve()
    })
    const copying = start(here, ["cp", "--json", local("large"), "lab:large"])
    copying.child.stdin.end()
    await Promise.race([underWay.promise, copying.ended])
    folder.close()
    server.cut()
    const { code, stderr, stdout } = await copying.ended
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "The connection to lab is lost; the copy goes on when it is back.\n"
    })
    const [{ resumed }] = JSON.parse(stdout)
    expect(resumed).toBeGreaterThan(0)
    expect(resumed).toBeLessThan(LARGE)
    expect(readFileSync(there("large")).equals(bytes)).toBe(true)
  })
})
