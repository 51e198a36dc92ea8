/** Variables of a session that follow whoever is attached, and values that must not get anywhere. */
import { execFileSync } from "node:child_process"
import { existsSync, lstatSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"
import { REFRESHED } from "../../src/contract/session/Refreshed.ts"
import type { AttachParams } from "../../src/contract/session/SessionTerminal.ts"
import { acceptable, shellFile } from "../../src/sessions/running/Refreshed.ts"
import { openDaemon, temporary, type User } from "./support.ts"

/** A socket that an agent could listen on. */
const agent = async (name: string) => {
  const path = join(temporary(), name)
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  onTestFinished(() => void server.close())
  return path
}

const attach = async (user: User, params: AttachParams) => {
  const attachment = await user.client.attach(params)
  onTestFinished(() => attachment[Symbol.asyncDispose]())
  return attachment
}

const program = `printf '%s|' "$SSH_AUTH_SOCK" "$AGENTD_ENVIRONMENT" ready; while read line; do . "$AGENTD_ENVIRONMENT"; printf '<%s %s %s>' "$TERM" "$DISPLAY" "$line"; done`

const started = async (env: Record<string, string>) => {
  const daemon = await openDaemon()
  const { id } = await daemon.start(program, { env: { PATH: "/usr/bin:/bin", TERM: "xterm", ...env } })
  await daemon.printed(id, "ready")
  const [link, file] = (await daemon.output(id)).toString().split("|")
  return { daemon, id, link: link!, file: file! }
}

describe("a session's environment", () => {
  it("has the agent of whoever came last behind a path that stays, and the rest in a file to source", async () => {
    const [first, second] = [await agent("one"), await agent("two")]
    const { daemon, file, id, link } = await started({ SSH_AUTH_SOCK: first, DISPLAY: ":0" })
    expect(readlinkSync(link)).toBe(first)
    const one = await attach(daemon, { session: id, env: { SSH_AUTH_SOCK: second, DISPLAY: "desk:1", TERM: "vt220" } })
    expect(readlinkSync(link)).toBe(second)
    await daemon.call("session.input", { session: id, text: "a\n" })
    await daemon.printed(id, "<vt220 desk:1 a>")
    // Not a viewer's; and a terminal without a display has none.
    await attach(daemon, { session: id, mode: "view", env: { SSH_AUTH_SOCK: first } })
    expect(readlinkSync(link)).toBe(second)
    const other = await attach(daemon, { session: id, env: { TERM: "xterm-kitty" } })
    await daemon.call("session.input", { session: id, text: "b\n" })
    await daemon.printed(id, "<xterm-kitty  b>")
    // Whoever is left counts again.
    await other.detach()
    await daemon.call("session.input", { session: id, text: "c\n" })
    await daemon.printed(id, "<vt220 desk:1 c>")
    await one.detach()
    expect(readlinkSync(link)).toBe(second)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    await daemon.call("session.stop", { session: id, graceMs: 100 })
    await expect.poll(() => existsSync(file)).toBe(false)
  })

  it("never gains by an attach what the program was not started with", async () => {
    const { daemon, file, id, link } = await started({})
    expect(link).toBe("")
    await attach(daemon, { session: id, env: { SSH_AUTH_SOCK: await agent("mine"), DISPLAY: ":0", TERM: "vt100" } })
    await daemon.call("session.input", { session: id, text: "a\n" })
    await daemon.printed(id, "<vt100  a>")
    expect(existsSync(join(file, "..", "agent.sock"))).toBe(false)
  })

  it("stays as it was where that is configured", async () => {
    const daemon = await openDaemon({ config: { "attach.environment": "keep" } })
    const path = await agent("one")
    const { id } = await daemon.start(program, { env: { PATH: "/usr/bin:/bin", TERM: "xterm", SSH_AUTH_SOCK: path } })
    await daemon.printed(id, "ready")
    const [link] = (await daemon.output(id)).toString().split("|")
    await attach(daemon, { session: id, env: { SSH_AUTH_SOCK: await agent("two") } })
    expect(readlinkSync(link!)).toBe(path)
  })
})

describe("what a client says about itself", () => {
  it("is not believed where it is no agent of this user's, no name, no display", async () => {
    const folder = temporary()
    const file = join(folder, "file")
    writeFileSync(file, "")
    const loop = join(folder, "loop")
    symlinkSync(loop, loop)
    const real = await agent("real")
    const linked = join(folder, "linked")
    symlinkSync(real, linked)
    expect(acceptable({ SSH_AUTH_SOCK: linked })).toEqual({ SSH_AUTH_SOCK: real })
    for (const path of [file, loop, folder, "/nowhere", "relative", "", `${real}\n`, `/${"x".repeat(2000)}`]) {
      expect(acceptable({ SSH_AUTH_SOCK: path })).toEqual({})
    }
    expect(lstatSync(loop).isSymbolicLink()).toBe(true)
    expect(
      acceptable({
        TERM: "xterm;rm -rf /",
        DISPLAY: "$(id)",
        SSH_TTY: "/dev/../etc/passwd",
        SSH_CONNECTION: "1 2 3",
        XAUTHORITY: "/a\nb",
        LD_PRELOAD: "/evil.so",
        PATH: "/evil"
      })
    ).toEqual({})
  })

  it("cannot make the file do anything but set variables, whatever it is", () => {
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("'; touch /x; '", "$(x)", "`x`", "a'b", ":0", "/run/a b/x'y")
    )
    fc.assert(
      fc.property(fc.record(Object.fromEntries(REFRESHED.map((name) => [name, value]))), (said) => {
        const believed = acceptable(said as Record<string, string>, (path) => path)
        const file = shellFile(REFRESHED, believed)
        const marks = REFRESHED.map((name) => `printf '%s\\0' "$${name}"`).join("; ")
        const out = execFileSync("/bin/sh", ["-c", `${file}${marks}`], { env: {} })
          .toString()
          .split("\0")
        expect(out.slice(0, REFRESHED.length)).toEqual(REFRESHED.map((name) => believed[name] ?? ""))
      }),
      { numRuns: 60 }
    )
  })
})
